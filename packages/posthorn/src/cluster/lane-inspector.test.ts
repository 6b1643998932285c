import { describe, expect, it } from "vitest";
import type { LaneReport } from "../domain/ports.ts";
import type { Signal } from "../store/signal.ts";
import { fromPayload, toPayloads } from "../store/signal-text.ts";
import { LaneInspector } from "./lane-inspector.ts";

type Lane = NonNullable<LaneReport["lane"]>;

/** Endpoint keys as large as real ones. */
const FIRST_KEY = 2 ** 52;
const keys = (count: number): number[] => Array.from({ length: count }, (_, n) => FIRST_KEY + n);
const BREAKER = {
  state: "open",
  reason: "failures",
  since: 1_700_000_000_000,
  failures: 12,
  nextProbeAt: 1_700_000_900_000,
};
const STREAK = { since: 1_700_000_000_000, failures: 12, lastAt: 1_700_000_000_000, warned: 50 };

interface Bus {
  readonly inspectors: readonly LaneInspector[];
  /** Payloads sent between nodes, in their encoded form. */
  readonly payloads: string[];
  /** Advances the clock past the deadline of all pending calls. */
  pass(): void;
}

/** Nodes that share endpoints by the remainder of their key; every `unhealthyEvery`-th endpoint fails and has an open circuit. */
function nodes(count: number, unhealthyEvery: number, mute: readonly number[] = []): Bus {
  const payloads: string[] = [];
  const timers = new Set<() => void>();
  const inspectors: LaneInspector[] = [];
  const isUnhealthy = (key: number): boolean => (key - FIRST_KEY) % unhealthyEvery === 0;
  for (let id = 0; id < count; id++) {
    const tell = (...signals: readonly Signal[]): void => {
      if (mute.includes(id)) return;
      for (const payload of toPayloads(String(id), signals)) {
        payloads.push(payload);
        for (const inspector of inspectors) {
          if (inspector !== inspectors[id]) for (const signal of fromPayload(payload).signals) inspector.handle(signal);
        }
      }
    };
    inspectors.push(
      new LaneInspector({
        cluster: { id, owns: (key) => key % count === id },
        dispatcher: {
          inspect: (key) => ({ breaker: isUnhealthy(key) ? BREAKER : { ...BREAKER, state: "closed" } }) as Lane,
        },
        health: { streak: (key) => (isUnhealthy(key) ? STREAK : null) },
        store: { signal: (...signals) => queueMicrotask(() => tell(...signals)) },
        time: {
          monotonic: () => 0,
          setTimer: (_, callback) => {
            timers.add(callback);
            return () => void timers.delete(callback);
          },
        },
      }),
    );
  }
  return { inspectors, payloads, pass: () => timers.forEach((callback) => callback()) };
}

describe("the list of unhealthy endpoints", () => {
  it("is the same from every node, with a bounded number and size of payloads", async () => {
    const { inspectors, payloads } = nodes(3, 10);
    const asked = keys(3000);
    const wanted = asked.filter((key) => (key - FIRST_KEY) % 10 === 0);
    for (const inspector of inspectors) {
      payloads.length = 0;
      const unhealthy = await inspector.unhealthy(asked);
      expect([...unhealthy.keys()].sort((a, b) => a - b)).toEqual(wanted);
      expect(unhealthy.get(wanted[1]!)).toEqual({ breaker: BREAKER, failing: STREAK });
      // 2,000 keys of other nodes, and 200 reports.
      expect(payloads.length).toBeLessThan(30);
      for (const payload of payloads) expect(payload.length).toBeLessThan(8000);
    }
  });

  it("needs no communication between nodes when all lanes are local", async () => {
    const { inspectors, payloads } = nodes(1, 1);
    expect((await inspectors[0]!.unhealthy(keys(100))).size).toBe(100);
    expect(payloads).toEqual([]);
  });

  it("omits the endpoints of a node that does not respond", async () => {
    const { inspectors, pass } = nodes(3, 1, [2]);
    const asking = inspectors[0]!.unhealthy(keys(300));
    await new Promise(setImmediate);
    pass();
    expect([...(await asking).keys()].filter((key) => key % 3 === 2)).toEqual([]);
    expect((await asking).size).toBe(200);
  });
});
