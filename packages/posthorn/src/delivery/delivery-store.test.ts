import { describe, expect, it } from "vitest";
import { made } from "../../test/support/dispatch.ts";
import { successOutcome } from "../../test/support/store.ts";
import { systemClock } from "../lib/clock.ts";
import { StoreError } from "../store/errors.ts";
import { AttemptTracker, DeliveryStore } from "./delivery-store.ts";

/** Records the outcome of an attempt with key 11 in a store that fails with `failure`, if any. Returns the settled key, 10 while it is open. */
async function settledAfter(failure: Error | null): Promise<number> {
  let lastKey = 10;
  const tracker = new AttemptTracker(() => lastKey);
  const store = new DeliveryStore({
    store: {
      due: () => Promise.reject(new Error("not part of this test")),
      backlog: () => Promise.resolve([]),
      recordAll: () => Promise.reject(new Error("not part of this test")),
      batches: {
        list: () => Promise.resolve([]),
        keep: () => Promise.resolve(),
        members: () => Promise.resolve([]),
      },
      record: () => (failure === null ? Promise.resolve() : Promise.reject(failure)),
      whenAvailable: () => Promise.resolve(),
      newestDue: 0,
    },
    clock: systemClock,
    random: Math.random,
    tracker,
  });
  const started = tracker.started();
  lastKey = 11;
  const result = made(0) as Extract<ReturnType<typeof made>, { kind: "made" }>;
  const attempt = { ...result.attempt, id: 11 };
  tracker.ended(started, { ...result, attempt });
  const [recorded] = await Promise.allSettled([store.record(successOutcome(1, { attempt }))]);
  expect(recorded?.status).toBe(failure === null ? "fulfilled" : "rejected");
  return tracker.settledUpTo;
}

describe("an attempt", () => {
  it("is settled once its outcome is stored", async () => {
    expect(await settledAfter(null)).toBe(11);
  });

  it("is settled when the lease of its lane is lost, because its outcome will never be stored", async () => {
    expect(await settledAfter(new StoreError("shard_lost", "lost"))).toBe(11);
  });

  it("is not settled when the database is unavailable: the outcome is offered again", async () => {
    expect(await settledAfter(new StoreError("storage_unavailable", "away"))).toBe(10);
  });
});
