/** Outcomes that are recorded again because the result of their commit was unknown, on PostgreSQL. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../src/store/delivery.ts";
import { ATTEMPT_STATUS, DELIVERY_STATE } from "../src/store/schema.ts";
import type { Store } from "../src/store/store.ts";
import { acceptEntry, attemptRecord, onPostgres, openStore, successOutcome } from "./support/store.ts";

const retry = (messageId: number): Outcome => ({
  ...successOutcome(messageId, {
    attempt: attemptRecord(messageId, { status: ATTEMPT_STATUS.fail, responseCode: 500 }),
  }),
  state: DELIVERY_STATE.pending,
  due: 5000,
});

const success = (messageId: number, attemptId: number): Outcome =>
  successOutcome(messageId, { attempts: 2, attempt: attemptRecord(attemptId) });

async function stored({ db }: Store): Promise<readonly unknown[]> {
  const attempts = await db.selectFrom("attempt").select(["id", "message_id"]).orderBy("id").execute();
  const deliveries = await db.selectFrom("delivery").select(["message_id", "state", "due", "attempts"]).execute();
  return [
    attempts.map(({ id, message_id: messageId }) => [id, messageId]),
    deliveries
      .map(({ message_id: messageId, state, due, attempts: count }) => [messageId, state, due, count])
      .sort(([a], [b]) => a! - b!),
  ];
}

describe.runIf(onPostgres)("outcomes that are recorded again", () => {
  it.each(["alone", "together with others"])(
    "are stored once, and leave later outcomes as they are: %s",
    async (how) => {
      const reported: number[] = [];
      const committed = (_: unknown, records: readonly Outcome[]): void =>
        void reported.push(...records.map(({ attempt }) => attempt!.id));
      await using files = await openStore({ listener: { wanted: true, committed } });
      const { store } = files;
      await Promise.all([1, 2, 3].map((id) => store.accept(acceptEntry(id))));
      await Promise.all([store.record(retry(1)), store.record(retry(2))]);
      await store.record(success(1, 11));
      reported.length = 0;
      // Two of them are stored.
      const again = [retry(1), retry(2), success(3, 13)];
      if (how === "alone") for (const outcome of again) await store.record(outcome);
      else await Promise.all(again.map((outcome) => store.record(outcome)));
      expect(await stored(store)).toEqual([
        [
          [1, 1],
          [2, 2],
          [11, 1],
          [13, 3],
        ],
        [
          [1, DELIVERY_STATE.succeeded, null, 2],
          [2, DELIVERY_STATE.pending, 5000, 1],
          [3, DELIVERY_STATE.succeeded, null, 2],
        ],
      ]);
      expect(reported.toSorted((a, b) => a - b)).toEqual([1, 2, 13]);
    },
  );

  it("are stored once if their events for operational webhooks need a transaction", async () => {
    await using files = await openStore();
    const { store } = files;
    await store.accept(acceptEntry(1));
    const failed: Outcome = { ...retry(1), state: DELIVERY_STATE.failed, due: null };
    await store.record(failed);
    await store.record(failed);
    expect(await stored(store)).toEqual([[[1, 1]], [[1, DELIVERY_STATE.failed, null, 1]]]);
  });
});
