import { expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { SharesCheck } from "./shares.ts";

const HERE = 1;
const BESIDE = 2;

/** Ledger with two endpoints on one host, which may have two attempts in flight, and three messages for each. */
function fixtureOfTwo(): LedgerFixture {
  const fixture = new LedgerFixture({ hostConcurrency: 2 }, (world) => new SharesCheck(world));
  fixture.endpoint(HERE, "receiver.example.com");
  fixture.endpoint(BESIDE, "receiver.example.com:8443");
  for (const endpointId of [HERE, BESIDE]) for (const message of [1, 2, 3]) fixture.delivery(message, endpointId);
  return fixture;
}

it("counts attempts over all endpoints of a host", () => {
  const fixture = fixtureOfTwo();
  fixture.begin(1, HERE);
  fixture.begin(1, BESIDE);
  expect(fixture.verdict.violation).toBeNull();
  fixture.begin(2, BESIDE);
  expect(fixture.verdict.violation?.text).toBe("3 attempts in flight to receiver.example.com, limit 2");
});

it("does not count deliveries to a host that are canceled because their endpoint was deleted", () => {
  const fixture = fixtureOfTwo();
  fixture.endpoint(BESIDE, "receiver.example.com:8443", { deleted: true });
  const canceled = [1, 2, 3].map((message) => fixture.begin(message, BESIDE));
  for (const message of [1, 2]) fixture.begin(message, HERE);
  for (const attempt of canceled) fixture.ledger.ended(attempt, { kind: "void" });
  expect(fixture.verdict.violation).toBeNull();
  fixture.begin(3, HERE);
  expect(fixture.verdict.violation?.rule).toBe("caps");
});

it("counts requests of a process that does not know yet that the endpoint was deleted", () => {
  const fixture = fixtureOfTwo();
  fixture.endpoint(BESIDE, "receiver.example.com:8443", { deleted: true });
  const [last, ...others] = [1, 2, 3].map((message) => fixture.begin(message, BESIDE));
  for (const attempt of others) fixture.request(attempt);
  expect(fixture.verdict.violation).toBeNull();
  fixture.request(last!);
  expect(fixture.verdict.violation?.text).toBe("3 attempts in flight to receiver.example.com, limit 2");
});
