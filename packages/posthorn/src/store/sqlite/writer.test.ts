import { describe, expect, it } from "vitest";
import { acceptEntry, attemptRecord, deliveryOf, openWholeStore, successOutcome } from "../../../test/support/store.ts";

describe("acceptAll", () => {
  it("returns a result per entry, and one that fails does not affect the others", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(acceptEntry(1, { eventId: "taken" }));
    const entries = [
      acceptEntry(2),
      acceptEntry(3, { eventId: "taken" }),
      // The key of an existing message: the database rejects the row.
      acceptEntry(1),
      acceptEntry(4, { eventId: "new" }),
      acceptEntry(5, { eventId: "new" }),
    ];
    const results = await store.acceptAll(entries);
    expect(results.map((result) => (result.status === "fulfilled" ? result.value.kind : result.status))).toEqual([
      "stored",
      "duplicate_event_id",
      "rejected",
      "stored",
      "duplicate_event_id",
    ]);
    expect(await store.payload(2)).not.toBeNull();
    expect(await store.payload(4)).not.toBeNull();
  });

  it("accepts more entries than one commit holds, and keeps their order", async () => {
    await using files = await openWholeStore();
    const entries = Array.from({ length: 1000 }, (_, index) =>
      acceptEntry(index + 1, { endpointIds: [1, 2, 3, 4, 5, 6] }),
    );
    const results = await files.store.acceptAll(entries);
    expect(results.every((result) => result.status === "fulfilled")).toBe(true);
    const rows = await files.store.db.selectFrom("delivery").select("message_id").execute();
    expect(rows).toHaveLength(6000);
  });
});

describe("large payloads", () => {
  it("are stored as they were, although batches use the same memory one after the other", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const payloadOf = (id: number): Buffer => Buffer.alloc(150_000 + 1000 * (id % 7), `${id} `);
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    for (const count of [1, 3, 30, 6]) {
      const batch = ids.splice(0, count);
      await Promise.all(batch.map((id) => store.accept(acceptEntry(id, { payload: payloadOf(id) }))));
      for (const id of batch) expect(Buffer.from((await store.payload(id))!).equals(payloadOf(id))).toBe(true);
    }
    // Larger than the block that is kept between batches.
    const large = Buffer.alloc(9 * 1024 * 1024, "large ");
    await store.accept(acceptEntry(100, { payload: large }));
    expect(Buffer.from((await store.payload(100))!).equals(large)).toBe(true);
    expect(Buffer.from((await store.payload(1))!).equals(payloadOf(1))).toBe(true);
  });
});

describe("lowestWaiting", () => {
  it("is the lowest key that is not on disk, from the call until its commit", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    expect(store.lowestWaiting()).toBeNull();
    const first = store.accept(acceptEntry(7));
    const second = store.accept(acceptEntry(8));
    expect(store.lowestWaiting()).toBe(7);
    await Promise.all([first, second]);
    expect(store.lowestWaiting()).toBeNull();
  });
});

describe("a canceled delivery", () => {
  it("keeps the reason of the outcome that canceled it", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(acceptEntry(1));
    await store.record(successOutcome(1, { state: 3, attempts: 0, cancel: { reason: "expired", at: 5 } }));
    expect(await store.db.selectFrom("cancellation").selectAll().execute()).toEqual([
      { message_id: 1, endpoint_id: 1, reason: "expired", by_message_id: null, at: 5 },
    ]);
  });

  it("stays canceled when the attempt in flight fails, and is succeeded when that succeeds", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.acceptAll([acceptEntry(1), acceptEntry(2)]);
    await store.transaction(({ db }) =>
      db
        .updateTable("delivery")
        .set((eb) => ({ state: 3, due: null, generation: eb("generation", "+", 1) }))
        .execute(),
    );
    await store.record(successOutcome(1, { state: 0, due: 99, attempt: attemptRecord(10, { status: 2 }) }));
    await store.record(successOutcome(2, { state: 1, attempt: attemptRecord(11) }));
    expect(await deliveryOf(store, 1)).toMatchObject({ state: 3, due: null, resume_due: null });
    expect(await deliveryOf(store, 2)).toMatchObject({ state: 1, due: null });
  });
});
