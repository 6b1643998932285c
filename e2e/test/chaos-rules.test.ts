/** The rules by which the chaos test counts, and the repeatability of its plan. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../lib/chaos/audit.ts";
import { describeDisorder, outOfOrder } from "../lib/chaos/disorder.ts";
import { duplicatesIn, type Sent } from "../lib/chaos/duplicates.ts";
import { type Fault, nextFault, trueTime, type Target } from "../lib/chaos/faults.ts";
import { seededRandom } from "../lib/random.ts";

/** A request of message `m` to `/a`, started at this second and received half a second later. */
function sent(node: number, second: number): Sent {
  const headers = { "webhook-id": "m", "webhook-timestamp": String(second) };
  const at = second * 1000 + 500;
  return { node, at, path: "/a", headers, index: 0, method: "POST", rawHeaders: [], body: Buffer.of(), fromPort: 1 };
}

function fault(target: Target, from: number, until: number): Fault {
  return { kind: "cut", target, from: from * 1000, until: until * 1000 };
}

function count(requests: readonly Sent[], faults: readonly Fault[], outcomes: readonly Outcome[] = []) {
  const { ofNode, ofDatabase, unexplained, afterSuccess } = duplicatesIn(requests, faults, () => outcomes);
  return [ofNode, ofDatabase, unexplained.length, afterSuccess.length];
}

describe("a repeated request", () => {
  const twice = [sent(1, 10), sent(2, 20)];

  it("is explained only by a fault of the node at which it was in flight, or of the database", () => {
    expect(count(twice, [fault(1, 12, 13)])).toEqual([1, 0, 0, 0]);
    expect(count(twice, [fault("database", 12, 13)])).toEqual([0, 1, 0, 0]);
    expect(count(twice, [fault(0, 0, 99), fault(2, 12, 13)])).toEqual([0, 0, 1, 0]);
    expect(count(twice, [])).toEqual([0, 0, 1, 0]);
  });

  it("is not explained by a fault that had ended before, or began when the outcome was stored", () => {
    expect(count(twice, [fault(1, 5, 9)])).toEqual([0, 0, 1, 0]);
    const stored = [{ succeeded: false, at: 11_000 }];
    expect(count(twice, [fault(1, 12, 13)], stored)).toEqual([0, 0, 1, 0]);
    expect(count(twice, [fault(1, 10, 11)], stored)).toEqual([1, 0, 0, 0]);
  });

  it("is explained when the repeating node was frozen during the request", () => {
    expect(count(twice, [fault(2, 20, 21)])).toEqual([1, 0, 0, 0]);
  });

  it("is always wrong if a success was stored before it began", () => {
    const stored = [{ succeeded: true, at: 15_000 }];
    expect(count(twice, [fault("database", 0, 99)], stored)).toEqual([0, 1, 0, 1]);
    expect(count(twice, [fault("database", 0, 99)], [{ succeeded: true, at: 20_100 }])).toEqual([0, 1, 0, 0]);
  });
});

describe("requests of one key", () => {
  const request = (n: number, id: string): Sent => ({
    ...sent(0, n),
    headers: { "webhook-id": id, "webhook-timestamp": String(n) },
    body: Buffer.from(JSON.stringify({ key: "k", n })),
  });

  it("are out of order when one arrives after a later one with the greater ID", () => {
    expect(outOfOrder([request(0, "a"), request(1, "b"), request(2, "c")])).toEqual({ wrong: [], clocksApart: 0 });
    expect(outOfOrder([request(0, "a"), request(2, "c"), request(1, "b")]).wrong).toHaveLength(1);
  });

  it("are reported with the history of both messages and the faults at that time", () => {
    const requests = [request(2, "c"), request(1, "b")];
    const { wrong } = outOfOrder(requests);
    const report = describeDisorder(wrong, {
      requests,
      faults: [fault(1, 0, 0.2), fault("database", 1, 2), fault(2, 9, 10)],
      publications: new Map([["b", { by: "node 1", from: 500, until: 900 }]]),
      storedOf: (name) => (name === "/a c" ? { at: 1200, by: "node 2", orderKey: "k" } : undefined),
      outcomesOf: (name) => (name === "/a b" ? [{ succeeded: true, at: 2600 }] : []),
    });
    expect(report.split("\n")).toEqual([
      "/a k: 1 arrived after 2",
      "  1 b",
      "    0.500 published by node 1",
      "    0.900 accepted, as the client knows",
      "    1.500 arrived from node 0, signed 1",
      "    2.600 outcome stored: success",
      "  2 c",
      "    1.200 stored by node 2, order key k",
      "    2.500 arrived from node 0, signed 2",
      "  1.000 to 2.000 cut database",
      "",
    ]);
  });

  it("were published at nodes with different clocks when the later one has the lesser ID", () => {
    expect(outOfOrder([request(1, "a"), request(0, "b")])).toEqual({ wrong: [], clocksApart: 1 });
  });

  it("count once when they are repeated", () => {
    const requests = [request(0, "a"), request(1, "b"), request(0, "a")];
    expect(outOfOrder(requests)).toEqual({ wrong: [], clocksApart: 0 });
  });
});

describe("the time at which a node signed", () => {
  const step = (from: number, skewMs: number): Fault => ({
    kind: "clock step",
    target: 1,
    from: from * 1000,
    until: from * 1000,
    skewMs,
  });

  it("is the signed time minus the clock error, by the last step before the request arrived", () => {
    expect(trueTime([], 1, 10_000, 10_500)).toBe(10_000);
    expect(trueTime([step(5, 60_000)], 1, 70_000, 10_500)).toBe(10_000);
    expect(trueTime([step(5, 60_000), step(8, -60_000)], 1, -50_000, 10_500)).toBe(10_000);
    expect(trueTime([step(5, 60_000)], 0, 10_000, 10_500)).toBe(10_000);
  });

  it("uses the previous step when the last one came after the request was signed", () => {
    expect(trueTime([step(5, 60_000), step(10.2, -60_000)], 1, 70_000, 10_500)).not.toBe(70_000);
    expect(trueTime([step(10, -60_000)], 1, 9000, 10_500)).toBe(9000);
  });
});

describe("a plan of faults", () => {
  it("is the same for the same seed, and different for another one", () => {
    const plan = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 50 }, () => nextFault(random));
    };
    expect(plan(7)).toEqual(plan(7));
    expect(plan(8)).not.toEqual(plan(7));
  });
});
