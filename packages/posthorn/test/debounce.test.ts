import { describe, expect, it } from "vitest";
import { acceptEntry, deliveryOf, openStore, successOutcome } from "./support/store.ts";
import type { AcceptEntry, DebounceRule, Store, ThrottleRule } from "../src/store/store.ts";

const DEBOUNCE: DebounceRule = { key: "k", waitMs: 1000, maxWaitMs: 5000 };
const THROTTLE: ThrottleRule = { key: "k", limit: 2, windowMs: 1000, maxDelayMs: 0 };

interface Options {
  readonly debounce?: DebounceRule | null;
  readonly throttle?: ThrottleRule | null;
}

/** Publishes at `now` to endpoint 1, which debounces or throttles, and endpoint 2, which does not. */
function message(id: number, now: number, { debounce = null, throttle = null }: Options): AcceptEntry {
  return acceptEntry(id, {
    due: now,
    endpointIds: [1, 2],
    flowControl: { now, endpoints: [{ endpointId: 1, debounce, throttle }] },
  });
}

async function duesOf(store: Store, entries: readonly AcceptEntry[]): Promise<unknown[]> {
  const dues: unknown[] = [];
  for (const entry of entries) {
    const result = await store.accept(entry);
    dues.push(result.kind === "stored" ? result.dues?.[0] : result);
  }
  return dues;
}

function cancellations(store: Store) {
  return store.db.selectFrom("cancellation").select(["message_id", "reason", "by_message_id"]).execute();
}

describe("debounce", () => {
  it("replaces the waiting message with a newer one, and reports it; other endpoints get both", async () => {
    await using files = await openStore();
    const { store } = files;
    const options = { debounce: DEBOUNCE };
    expect(await duesOf(store, [message(1, 100, options), message(2, 600, options)])).toEqual([1100, 1600]);
    expect(await deliveryOf(store, 1)).toMatchObject({ state: 3, due: null, generation: 1 });
    expect(await deliveryOf(store, 2)).toMatchObject({ state: 0, due: 1600 });
    expect(await deliveryOf(store, 1, 2)).toMatchObject({ state: 0, due: 100 });
    expect(await cancellations(store)).toEqual([{ message_id: 1, reason: "debounced", by_message_id: 2 }]);
  });

  it("lets the last of a burst wait no longer than the maximum, counted from the first", async () => {
    await using files = await openStore();
    const times = [0, 900, 1800, 2700, 3600, 4500];
    const dues = await duesOf(
      files.store,
      times.map((time, index) => message(index + 1, time, { debounce: DEBOUNCE })),
    );
    expect(dues).toEqual([1000, 1900, 2800, 3700, 4600, 5000]);
  });

  it("starts over once the delivery was due, so that a delivery in flight is never canceled", async () => {
    await using files = await openStore();
    const { store } = files;
    const options = { debounce: DEBOUNCE };
    expect(await duesOf(store, [message(1, 0, options), message(2, 1000, options)])).toEqual([1000, 2000]);
    expect(await deliveryOf(store, 1)).toMatchObject({ state: 0, due: 1000 });
  });

  it("does not replace a delivery that was attempted and waits for its retry", async () => {
    await using files = await openStore();
    const { store } = files;
    await store.accept(message(1, 0, { debounce: DEBOUNCE }));
    await store.record(successOutcome(1, { state: 0, due: 9000, attempts: 1 }));
    await store.accept(message(2, 500, { debounce: DEBOUNCE }));
    expect(await deliveryOf(store, 1)).toMatchObject({ state: 0, due: 9000 });
  });

  it("keeps keys separate, and keeps them across a restart", async () => {
    await using files = await openStore();
    await files.store.accept(message(1, 0, { debounce: DEBOUNCE }));
    await files.store.accept(message(2, 0, { debounce: { ...DEBOUNCE, key: "other" } }));
    const store = await files.reopen();
    await store.accept(message(3, 500, { debounce: DEBOUNCE }));
    expect(await cancellations(store)).toEqual([{ message_id: 1, reason: "debounced", by_message_id: 3 }]);
  });

  it("does not bring a scheduled message forward", async () => {
    await using files = await openStore();
    const later = { ...message(1, 0, { debounce: DEBOUNCE }), due: 60_000 };
    expect(await duesOf(files.store, [later])).toEqual([60_000]);
  });
});

describe("throttle", () => {
  it("cancels deliveries above the limit of a window, and counts again in the next one", async () => {
    await using files = await openStore();
    const { store } = files;
    const times = [0, 10, 20, 999, 1000, 1001, 1002];
    const dues = await duesOf(
      store,
      times.map((time, index) => message(index + 1, time, { throttle: THROTTLE })),
    );
    expect(dues).toEqual([0, 10, null, null, 1000, 1001, null]);
    expect(await deliveryOf(store, 3)).toMatchObject({ state: 3, due: null });
    expect((await cancellations(store)).map((row) => [row.message_id, row.reason])).toEqual([
      [3, "throttled"],
      [4, "throttled"],
      [7, "throttled"],
    ]);
  });

  it("optionally delays them to the first window with room, up to a maximum", async () => {
    await using files = await openStore();
    const throttle = { ...THROTTLE, maxDelayMs: 2000 };
    const entries = Array.from({ length: 7 }, (_, index) => message(index + 1, 0, { throttle }));
    expect(await duesOf(files.store, entries)).toEqual([0, 0, 1000, 1000, 2000, 2000, null]);
  });

  it("never allows more than the limit in a window, at any times", async () => {
    await using files = await openStore();
    let time = 0;
    const entries = Array.from({ length: 60 }, (_, index) => {
      time += (index * 7919) % 230;
      return message(index + 1, time, { throttle: { ...THROTTLE, maxDelayMs: 1500 } });
    });
    const dues = ((await duesOf(files.store, entries)) as (number | null)[]).filter((due) => due !== null);
    const windows = new Map<number, number>();
    let since = Number.NEGATIVE_INFINITY;
    for (const due of dues.toSorted((a, b) => a - b)) {
      if (due >= since + THROTTLE.windowMs) since = due;
      windows.set(since, (windows.get(since) ?? 0) + 1);
    }
    expect(Math.max(...windows.values())).toBeLessThanOrEqual(THROTTLE.limit);
  });

  it("counts the messages that debounce lets through, not those it replaces", async () => {
    await using files = await openStore();
    const options = { debounce: DEBOUNCE, throttle: { ...THROTTLE, limit: 1, windowMs: 60_000 } };
    const dues = await duesOf(files.store, [
      message(1, 0, options),
      message(2, 500, options),
      message(3, 5000, options),
    ]);
    expect(dues).toEqual([1000, 1500, null]);
  });
});
