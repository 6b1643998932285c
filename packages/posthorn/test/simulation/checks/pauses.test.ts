import { expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { START } from "../virtual-time.ts";
import { PausesCheck } from "./pauses.ts";

const ENDPOINT = 1;
const PAUSED = { pausedUntil: START + 60_000 };

function fixtureOfOne(): LedgerFixture {
  const fixture = new LedgerFixture({}, (world) => new PausesCheck(world));
  fixture.endpoint(ENDPOINT, "receiver.example.com", PAUSED);
  fixture.delivery(1, ENDPOINT);
  return fixture;
}

it("a paused endpoint receives nothing", async () => {
  const fixture = fixtureOfOne();
  await fixture.at(1);
  fixture.begin(1, ENDPOINT);
  expect(fixture.verdict.violation?.rule).toBe("held_gets_nothing");
});

it("the deliveries of a paused endpoint are canceled once it is deleted (seed 6709)", async () => {
  const fixture = fixtureOfOne();
  fixture.endpoint(ENDPOINT, "receiver.example.com", { ...PAUSED, deleted: true });
  await fixture.at(1);
  const attempt = fixture.begin(1, ENDPOINT);
  fixture.ledger.ended(attempt, { kind: "void", reason: "endpoint_gone" });
  expect(fixture.verdict.violation).toBeNull();
});
