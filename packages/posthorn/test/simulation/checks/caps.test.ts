import { describe, expect, it } from "vitest";
import { LedgerFixture } from "../ledger-fixture.ts";
import { CapsCheck } from "./caps.ts";

const ENDPOINT = 1;

/** Ledger with one endpoint that has a rate of 2 attempts per second, and messages for it. */
async function fixtureOfOne(): Promise<LedgerFixture> {
  const fixture = new LedgerFixture({}, (world) => new CapsCheck(world));
  fixture.endpoint(ENDPOINT, "receiver.example.com", { rate: 2 });
  for (let message = 1; message <= 6; message++) fixture.delivery(message, ENDPOINT);
  await fixture.at(5000);
  return fixture;
}

/** Starts attempts at these times, each with its request at once. */
async function send(
  fixture: LedgerFixture,
  attempts: readonly (readonly [message: number, at: number])[],
): Promise<void> {
  for (const [message, at] of attempts) {
    await fixture.at(at);
    fixture.request(fixture.begin(message, ENDPOINT));
  }
}

describe("a rate", () => {
  it("is exceeded by one additional attempt in a second", async () => {
    const fixture = await fixtureOfOne();
    await send(fixture, [
      [1, 5000],
      [2, 5500],
      [3, 6000],
    ]);
    expect(fixture.verdict.violation).toBeNull();
    await send(fixture, [[4, 6100]]);
    expect(fixture.verdict.violation?.text).toBe("3 attempts to receiver.example.com in a second, limit 2");
  });

  it("applies to attempts as they start, whichever sends its request first", async () => {
    const fixture = await fixtureOfOne();
    const late = fixture.begin(1, ENDPOINT);
    await send(fixture, [
      [2, 5600],
      [3, 6200],
      [4, 6800],
      [5, 7400],
    ]);
    fixture.request(late);
    expect(fixture.verdict.violation).toBeNull();
  });

  it("is exceeded by one additional attempt that sends its request after later ones", async () => {
    const fixture = await fixtureOfOne();
    const late = fixture.begin(1, ENDPOINT);
    await send(fixture, [
      [2, 5300],
      [3, 5800],
      [4, 6400],
    ]);
    fixture.request(late);
    expect(fixture.verdict.violation?.rule).toBe("rate");
  });

  it("assigns a request to the attempt that makes it, and not to one that ended without a request after its lane was lost", async () => {
    const fixture = await fixtureOfOne();
    const lost = fixture.begin(1, ENDPOINT);
    fixture.loseLanes();
    await fixture.at(6000);
    fixture.ledger.ended(lost, { kind: "not_now", pauseMs: 0 });
    await send(fixture, [
      [2, 60_000],
      [3, 60_500],
      [1, 61_000],
    ]);
    expect(fixture.verdict.violation).toBeNull();
    await send(fixture, [[4, 61_100]]);
    expect(fixture.verdict.violation?.rule).toBe("rate");
  });
});
