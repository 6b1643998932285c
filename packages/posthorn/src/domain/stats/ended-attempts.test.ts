import { describe, expect, it } from "vitest";
import { insertEndpoint, servicesOver } from "../../../test/support/services.ts";
import { acceptEntry, attemptRecord, openStore, successOutcome } from "../../../test/support/store.ts";
import { keyAtTime } from "../../lib/id.ts";
import type { Store } from "../../store/store.ts";
import { endedAttempts } from "./ended-attempts.ts";
import { bucketOf } from "./histogram.ts";

const MINUTE = Date.UTC(2026, 0, 1);
const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER };

interface Delivered {
  readonly endpointId?: number;
  /** Milliseconds from the message to its response. */
  readonly latency?: number;
  readonly duration?: number;
  readonly failsFirst?: boolean;
  /** Whether its row shows that it was the first attempt and that the message had no delay. */
  readonly isImmediate?: boolean;
}

/** Stores a message of this time whose delivery succeeds. */
async function delivered(
  store: Store,
  at: number,
  { endpointId = 1, latency = 12, duration = 4, failsFirst = false, isImmediate = false }: Delivered = {},
) {
  const id = keyAtTime(at);
  await store.accept(acceptEntry(id, { due: at, endpointIds: [endpointId] }));
  const record = (end: number, status: 0 | 2, attempts: number) => {
    const attempt = attemptRecord(keyAtTime(at + end - duration) + attempts, {
      status,
      durationMs: duration,
      response: "ok",
      isImmediateSuccess: isImmediate,
    });
    const state = status === 0 ? 1 : 0;
    return store.record(successOutcome(id, { endpointId, state, attempts, due: state === 0 ? at : null, attempt }));
  };
  if (failsFirst) await record(latency, 2, 1);
  await record(latency, 0, failsFirst ? 2 : 1);
}

describe("the attempts of a step", () => {
  it("are one row for all first-attempt successes at an endpoint in a minute with the same times", async () => {
    await using files = await openStore();
    const { store } = files;
    await insertEndpoint(servicesOver(store).services, "https://example.com/", {});
    for (let n = 0; n < 40; n++) await delivered(store, MINUTE + n * 100);
    await delivered(store, MINUTE + 60_000);
    await delivered(store, MINUTE + 5000, { endpointId: 2 });
    await delivered(store, MINUTE + 5100, { latency: 16 });
    await delivered(store, MINUTE + 5200, { duration: 8 });
    await delivered(store, MINUTE + 5300, { failsFirst: true });
    await delivered(store, MINUTE + 5400, { failsFirst: true });

    const rows = await endedAttempts(store.db, ALL);

    expect(rows.map(({ times }) => times).toSorted((a, b) => b - a)).toEqual([40, 1, 1, 1, 1, 1, 1, 1, 1]);
    const many = rows.find(({ times }) => times > 1);
    expect(many).toMatchObject({
      endpointId: 1,
      durationMs: 4,
      latencyMs: 12,
      status: 0,
      attempts: 1,
    });
    const one = rows.find(({ latencyMs }) => latencyMs === 16);
    expect(many!.bytes).toBe(40 * one!.bytes);
  });

  it("need neither delivery nor message if they are immediate successes, and are the same rows then", async () => {
    const rowsOf = async (isImmediate: boolean) => {
      await using files = await openStore();
      const { store } = files;
      for (let n = 0; n < 3; n++) await delivered(store, MINUTE + n * 100, { isImmediate });
      await delivered(store, MINUTE + 5000, { isImmediate, latency: 36, duration: 20 });
      await delivered(store, MINUTE + 6000, { failsFirst: true });
      const before = await endedAttempts(store.db, ALL);
      await store.transaction(async ({ db }) => {
        await db.deleteFrom("delivery").execute();
        await db.deleteFrom("message").execute();
      });
      return { before, after: await endedAttempts(store.db, ALL) };
    };
    const [joined, immediate] = [await rowsOf(false), await rowsOf(true)];
    const withoutState = joined.before.map((row) => (row.attempts === 1 ? { ...row, state: null } : row));
    const isSuccess = ({ attempts }: (typeof withoutState)[number]): boolean => attempts === 1;
    expect(immediate.before.map((row) => (isSuccess(row) ? { ...row, state: null } : row))).toEqual(withoutState);
    // Attempts of deleted messages are left out otherwise.
    expect(joined.after).toEqual([]);
    expect(immediate.after).toEqual(immediate.before.filter((row) => isSuccess(row)));
    expect(immediate.after.map(({ times, latencyMs, durationMs }) => [times, latencyMs, durationMs])).toEqual([
      [3, 12, 4],
      [1, 36, 20],
    ]);
  });

  it("have durations of the same buckets as before they were grouped", async () => {
    await using files = await openStore();
    const { store } = files;
    const powers = Array.from({ length: 32 }, (_, power) => 2 ** power);
    const durations = powers.flatMap((power) => [power - 1, power, Math.round(power * 1.3), Math.round(power * 1.9)]);
    for (const [index, duration] of durations.entries()) {
      await delivered(store, MINUTE + index * 1000, { endpointId: index + 1, duration, latency: duration });
    }
    const rows = await endedAttempts(store.db, ALL);
    expect(rows.map(({ durationMs }) => bucketOf(durationMs))).toEqual(durations.map((duration) => bucketOf(duration)));
    expect(rows.map(({ latencyMs }) => bucketOf(latencyMs))).toEqual(durations.map((duration) => bucketOf(duration)));
    for (const [index, { durationMs }] of rows.entries()) expect(durationMs).toBeLessThanOrEqual(durations[index]!);
  });
});
