/** The exact body of a redacted message exists until its last delivery ends, and no longer. Runs on both stores. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dueManually } from "../../src/domain/delivery/resend.ts";
import { destroyExactBodies } from "../../src/domain/redaction/destroy.ts";
import { keyAtTime } from "../../src/lib/id.ts";
import { DELIVERY_STATE, REQUESTED_BY } from "../../src/store/schema.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { AcceptEntry, Store } from "../../src/store/store.ts";
import { acceptEntry, onPostgres, openWholeStore, successOutcome, temporaryFolder } from "../support/store.ts";

const SEALED = Buffer.from("sealed ".repeat(2000));

function redactedEntry(id: number, keepMs = 0, changes: Partial<AcceptEntry> = {}): AcceptEntry {
  const exact = { body: Buffer.from("exact"), spans: [0, 5], sealed: SEALED, keepMs };
  return acceptEntry(id, { payload: Buffer.from('"[redacted]"'), exact, ...changes });
}

async function kept(store: Store): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("exact_body").select("message_id").orderBy("message_id").execute();
  return rows.map((row) => row.message_id);
}

const run = { signal: new AbortController().signal, pause: async () => undefined };

describe("an exact body", () => {
  it("is stored with its message, and pages of due deliveries do not contain the redacted payload", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await Promise.all([
      store.accept(acceptEntry(1)),
      store.accept(redactedEntry(2)),
      store.accept(acceptEntry(3)),
      store.accept(redactedEntry(4, 0, { endpointIds: [] })),
    ]);
    const rows = await store.db.selectFrom("exact_body").selectAll().execute();
    expect(rows).toMatchObject([{ message_id: 2, keep_ms: 0, destroy_at: null }]);
    expect(Buffer.from(rows[0]!.body_sealed).equals(SEALED)).toBe(true);
    const { deliveries } = await store.due(1, 1, 10);
    const [first, second] = deliveries;
    expect(first!.isRedacted ?? false).toBe(false);
    expect(second).toMatchObject({ messageId: 2, isRedacted: true, payload: null, bytes: 5 });
  });

  it.each([
    ["succeeds", { state: DELIVERY_STATE.succeeded, due: null }],
    ["uses all of its retries", { state: DELIVERY_STATE.failed, due: null }],
    ["is canceled", { state: DELIVERY_STATE.canceled, due: null, cancel: { reason: "endpoint_gone", at: 1 } }],
  ])("is destroyed when the last delivery %s", async (_, outcome) => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(redactedEntry(1, 0, { endpointIds: [1, 2] }));
    await store.record(successOutcome(1, { endpointId: 2, state: DELIVERY_STATE.pending, due: 99 }));
    await store.record(successOutcome(1, { ...outcome, attempt: null }));
    expect(await kept(store)).toEqual([1]);
    await store.record(successOutcome(1, { endpointId: 2, ...outcome, attempt: null }));
    expect(await kept(store)).toEqual([]);
  });

  it("is destroyed in any other transaction that ends the last delivery", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    for (const id of [1, 2, 3, 4, 5]) await store.accept(redactedEntry(id));
    const canceled = { state: DELIVERY_STATE.canceled, due: null };
    await store.transaction(({ db }) => db.updateTable("delivery").set(canceled).where("message_id", "=", 1).execute());
    await store.transaction(({ db }) => db.deleteFrom("delivery").where("message_id", "=", 2).execute());
    await store.transaction(({ db }) => db.updateTable("message").set({ payload: null }).where("id", "=", 3).execute());
    await store.transaction(({ db }) => db.deleteFrom("message").where("id", "=", 4).execute());
    expect(await kept(store)).toEqual([5]);
  });

  it("is kept if the transaction that ended the last delivery is rolled back", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(redactedEntry(1));
    const failing = store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set({ state: DELIVERY_STATE.succeeded, due: null }).execute();
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    expect(await kept(store)).toEqual([1]);
  });

  it("is destroyed when deliveries of a message end at the same time", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const ids = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => store.accept(redactedEntry(id, 0, { endpointIds: [1, 2, 3] }))));
    const outcomes = ids.flatMap((id) =>
      [1, 2, 3].map((endpointId) => successOutcome(id, { endpointId, attempt: null })),
    );
    await Promise.all(outcomes.map((outcome) => store.record(outcome)));
    expect(await kept(store)).toEqual([]);
  });

  it("is not stored if flow control cancels the only delivery at once", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const throttle = { key: "k", limit: 1, windowMs: 60_000, maxDelayMs: 0 };
    const flowControl = { now: 1, endpoints: [{ endpointId: 1, debounce: null, throttle }] };
    await store.accept(redactedEntry(1, 0, { flowControl }));
    await store.accept(redactedEntry(2, 0, { flowControl }));
    expect(await kept(store)).toEqual([1]);
  });

  it("is destroyed when a newer message of its debounce key replaces the delivery", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const debounce = { key: "k", waitMs: 60_000, maxWaitMs: 600_000 };
    const flowControl = { now: 1, endpoints: [{ endpointId: 1, debounce, throttle: null }] };
    await store.accept(redactedEntry(1, 0, { flowControl }));
    await store.accept(redactedEntry(2, 0, { flowControl }));
    expect(await kept(store)).toEqual([2]);
  });

  it("is kept after the last delivery for as long as its rules say, and another delivery extends that", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const hour = 3_600_000;
    await store.accept(redactedEntry(1, hour));
    await store.accept(redactedEntry(2, hour, { endpointIds: [] }));
    const at = async (now: number): Promise<readonly number[]> => {
      await destroyExactBodies({ store, now: () => now }, run);
      return kept(store);
    };
    expect(await at(Date.now() + 10 * 60_000)).toEqual([1, 2]);
    await store.record(successOutcome(1, { attempt: null }));
    expect(await at(Date.now() + hour / 2)).toEqual([1, 2]);
    await store.transaction(({ db }) =>
      db.updateTable("delivery").set(dueManually(5, REQUESTED_BY.resend)).where("message_id", "=", 1).execute(),
    );
    expect(await at(Date.now() + 2 * hour)).toEqual([1]);
    await store.record(successOutcome(1, { generation: 1, trigger: 1, attempt: null }));
    expect(await at(Date.now() + hour / 2)).toEqual([1]);
    expect(await at(Date.now() + 2 * hour)).toEqual([]);
  });

  it("is destroyed if its message was deleted, even when PostgreSQL drops a day without firing triggers", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(redactedEntry(1));
    await store.transaction(({ db }) =>
      db
        .insertInto("exact_body")
        .values({ message_id: 7, body_sealed: SEALED, keep_ms: 0, destroy_at: null })
        .execute(),
    );
    const young = keyAtTime(Date.now() - 1000);
    await store.transaction(({ db }) =>
      db
        .insertInto("exact_body")
        .values({ message_id: young, body_sealed: SEALED, keep_ms: 0, destroy_at: null })
        .execute(),
    );
    await destroyExactBodies({ store, now: Date.now }, run);
    expect(await kept(store)).toEqual([1, young]);
  });

  it.skipIf(onPostgres)("leaves no bytes in the database file", async () => {
    using folder = temporaryFolder();
    await using store = await SqliteStore.open({ path: join(folder.path, "posthorn.db") });
    await store.accept(redactedEntry(1));
    const fileOf = (): Buffer => readFileSync(join(folder.path, "posthorn.db"));
    await expect.poll(() => store.freeSpace.emptyLog()).toBe(true);
    expect(fileOf().includes("sealed sealed")).toBe(true);
    await store.record(successOutcome(1, { attempt: null }));
    await expect.poll(() => store.freeSpace.emptyLog()).toBe(true);
    expect(fileOf().includes("sealed sealed")).toBe(false);
  });
});
