/** Guarantees of every store. Runs on each of them: see the projects in `vitest.config.ts`. */
import { describe, expect, it } from "vitest";
import { dueManually } from "../src/domain/delivery/resend.ts";
import { REQUESTED_BY } from "../src/store/schema.ts";
import type { Store } from "../src/store/store.ts";
import type { OrderedPage, PageSelection } from "../src/store/delivery.ts";
import { acceptEntry, attemptRecord, deliveryOf, openWholeStore, successOutcome, rowsIn } from "./support/store.ts";

const resend = (store: Store, messageId: number, now: number): Promise<unknown> =>
  store.transaction(({ db }) =>
    db.updateTable("delivery").set(dueManually(now, REQUESTED_BY.resend)).where("message_id", "=", messageId).execute(),
  );

const key = (byte: number, buckets = [2, 1]) => ({ hash: `hash-${byte}`, buckets });

describe("accept", () => {
  it("stores the message byte for byte with a delivery for each endpoint, and both exist after a reopen", async () => {
    await using files = await openWholeStore();
    const payload = Buffer.from([0x7b, 0x00, 0xff, 0x7d]);
    const entry = acceptEntry(1, { payload, endpointIds: [1, 2], due: 50 });
    expect(await files.store.accept(entry)).toEqual({ kind: "stored" });
    const store = await files.reopen();
    expect(Buffer.from((await store.payload(1))!)).toEqual(payload);
    expect(await deliveryOf(store, 1, 1)).toMatchObject({ state: 0, due: 50, attempts: 0, generation: 0, manual: 0 });
    expect(await deliveryOf(store, 1, 2)).toMatchObject({ state: 0, due: 50 });
  });

  it("keeps payloads of one commit separate, including an empty one", async () => {
    await using files = await openWholeStore();
    const payloads = ["", "a", "", "bc", "d".repeat(70_000), ""];
    await Promise.all(
      payloads.map((text, index) => files.store.accept(acceptEntry(index + 1, { payload: Buffer.from(text) }))),
    );
    for (const [index, text] of payloads.entries()) {
      expect(Buffer.from((await files.store.payload(index + 1))!).toString()).toBe(text);
    }
  });

  it("stores all that a message has, alone or together with messages that have less or more", async () => {
    const parts = ["key", "event ID", "label", "deadline", "exact body"] as const;
    const messages = Array.from({ length: 2 ** parts.length }, (_, index) => {
      const has = (part: (typeof parts)[number]): boolean => (index & (1 << parts.indexOf(part))) !== 0;
      const sealed = Buffer.from(`sealed ${index}`);
      const changes = {
        ...(has("key") ? { idempotency: key(index) } : {}),
        ...(has("event ID") ? { eventId: `event-${index}` } : {}),
        ...(has("label") ? { tagsJson: `["tag-${index}"]` } : {}),
        ...(has("deadline") ? { deliverUntil: 1000 + index } : {}),
        ...(has("exact body") ? { exact: { body: Buffer.from("exact"), spans: [], sealed, keepMs: 5 } } : {}),
      };
      return { entry: acceptEntry(index + 1, changes), has };
    });
    const ids = (part: (typeof parts)[number]): readonly number[] =>
      messages.filter(({ has }) => has(part)).map(({ entry }) => entry.id);
    for (const isAlone of [true, false]) {
      await using files = await openWholeStore();
      const { store } = files;
      if (isAlone) for (const { entry } of messages) await store.accept(entry);
      else await Promise.all(messages.map(({ entry }) => store.accept(entry)));
      const { db } = store;
      const all = messages.map(({ entry }) => entry.id);
      const stored = await db.selectFrom("message").selectAll().orderBy("id").execute();
      expect(stored.map((row) => [row.id, row.event_id, row.tags_json, row.deliver_until, row.exact_bytes])).toEqual(
        messages.map(({ entry: { id, eventId, tagsJson, deliverUntil, exact } }) => [
          id,
          eventId,
          tagsJson,
          deliverUntil ?? null,
          exact?.body.byteLength ?? null,
        ]),
      );
      const deliveries = await db.selectFrom("delivery").selectAll().orderBy("message_id").execute();
      expect(deliveries.map(({ message_id: id }) => id)).toEqual(all);
      expect(deliveries.flatMap((row) => (row.has_exact === 1 ? row.message_id : []))).toEqual(ids("exact body"));
      const keys = await db.selectFrom("idempotency").select("message_id").orderBy("message_id").execute();
      expect(keys.map((row) => row.message_id)).toEqual(ids("key"));
      const labels = await db
        .selectFrom("message_label")
        .select(["message_id", "name"])
        .orderBy("message_id")
        .execute();
      expect(labels).toEqual(ids("label").map((id) => ({ message_id: id, name: `tag-${id - 1}` })));
      const deadlines = await db.selectFrom("message_deadline").selectAll().orderBy("message_id").execute();
      expect(deadlines).toEqual(ids("deadline").map((id) => ({ message_id: id, deliver_until: 999 + id })));
      const bodies = await db.selectFrom("exact_body").selectAll().orderBy("message_id").execute();
      expect(bodies.map((row) => [row.message_id, Buffer.from(row.body_sealed).toString(), row.keep_ms])).toEqual(
        ids("exact body").map((id) => [id, `sealed ${id - 1}`, 5]),
      );
      for (const id of ids("event ID")) {
        const again = acceptEntry(100 + id, { eventId: `event-${id - 1}` });
        expect(await store.accept(again)).toEqual({ kind: "duplicate_event_id" });
      }
    }
  });

  it("returns the first message for a used idempotency key and stores nothing", async () => {
    await using files = await openWholeStore();
    const first = files.store.accept(acceptEntry(1, { idempotency: key(1) }));
    // In the same commit, and in a later one.
    const second = files.store.accept(acceptEntry(2, { idempotency: key(1) }));
    expect(await Promise.all([first, second])).toEqual([{ kind: "stored" }, { kind: "replayed", messageId: 1 }]);
    expect(await files.store.accept(acceptEntry(3, { idempotency: key(1, [3, 2]) }))).toEqual({
      kind: "replayed",
      messageId: 1,
    });
    expect(await rowsIn(files.store, "message")).toBe(1);
    expect(await rowsIn(files.store, "delivery")).toBe(1);
  });

  it("accepts an idempotency key again once its buckets have expired, and never mixes up two keys", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1, { idempotency: key(1, [2, 1]) }));
    expect(await files.store.accept(acceptEntry(2, { idempotency: key(1, [4, 3]) }))).toEqual({ kind: "stored" });
    expect(await files.store.accept(acceptEntry(3, { idempotency: key(2, [4, 3]) }))).toEqual({ kind: "stored" });
  });

  it("rejects an event ID that the application already has, and only that one", async () => {
    await using files = await openWholeStore();
    const store = (id: number, appId: number) => files.store.accept(acceptEntry(id, { appId, eventId: "order-1" }));
    expect(await Promise.all([store(1, 1), store(2, 1), store(3, 2)])).toEqual([
      { kind: "stored" },
      { kind: "duplicate_event_id" },
      { kind: "stored" },
    ]);
    expect(await rowsIn(files.store, "delivery")).toBe(2);
  });

  it("returns the message of a repeated request before it checks the event ID", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1, { eventId: "order-1", idempotency: key(1) }));
    expect(await files.store.accept(acceptEntry(2, { eventId: "order-1", idempotency: key(1) }))).toEqual({
      kind: "replayed",
      messageId: 1,
    });
  });
});

describe("group commit", () => {
  it("a rejected row does not affect the others", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(9));
    const results = await Promise.allSettled([
      files.store.accept(acceptEntry(1)),
      files.store.accept(acceptEntry(1)),
      files.store.accept(acceptEntry(2, { payload: Buffer.from("kept") })),
      files.store.record(successOutcome(9, { attempt: attemptRecord(10) })),
      // Pending and never due: the database rejects the row.
      files.store.record(successOutcome(9, { state: 0, due: null })),
      files.store.accept(acceptEntry(3)),
    ]);
    expect(results.map((result) => result.status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(results[1]).toMatchObject({ reason: { code: "conflict", unique: true } });
    expect(await rowsIn(files.store, "message")).toBe(4);
    expect(Buffer.from((await files.store.payload(2))!).toString()).toBe("kept");
    expect(await rowsIn(files.store, "attempt")).toBe(1);
  });

  it("commits thousands of simultaneous rows, in several commits", async () => {
    await using files = await openWholeStore();
    const ids = Array.from({ length: 3000 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => files.store.accept(acceptEntry(id))));
    expect(await rowsIn(files.store, "message")).toBe(3000);
  });

  it("stores everything that waits when the store is closed", async () => {
    await using files = await openWholeStore();
    const accepted = Array.from({ length: 2500 }, (_, index) => files.store.accept(acceptEntry(index + 1)));
    const store = await files.reopen();
    await Promise.all(accepted);
    expect(await rowsIn(store, "message")).toBe(2500);
  });
});

describe("record", () => {
  it("ends a delivery that succeeded and keeps its attempt", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await files.store.record(successOutcome(1, { attempt: attemptRecord(10, { response: "ok" }) }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: null, attempts: 1 });
    const attempts = await files.store.db.selectFrom("attempt").selectAll().execute();
    expect(attempts).toMatchObject([{ id: 10, message_id: 1, endpoint_id: 1, response: "ok", trigger_type: 0 }]);
  });

  it("moves a failed delivery to its next due time, and ends it without one", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await files.store.record(successOutcome(1, { state: 0, due: 500, attempts: 1 }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 0, due: 500, attempts: 1 });
    await files.store.record(successOutcome(1, { state: 2, attempts: 2 }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 2, due: null, attempts: 2 });
  });

  it("does not undo a resend that arrived during the attempt", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await resend(files.store, 1, 900);
    await files.store.record(successOutcome(1));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: 900, manual: 1, resume_due: null });
  });

  it("drops a recovery that arrived during the attempt if that attempt succeeds", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await files.store.transaction(({ db }) =>
      db.updateTable("delivery").set(dueManually(900, REQUESTED_BY.recovery)).where("message_id", "=", 1).execute(),
    );
    await files.store.record(successOutcome(1));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: null, manual: 0, resume_due: null });
  });

  it("rejects a pending delivery without a due time, which would never be found", async () => {
    await using files = await openWholeStore();
    await expect(files.store.accept(acceptEntry(1, { due: Number.NaN }))).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect(await rowsIn(files.store, "message")).toBe(0);
  });

  it("keeps the retry that the attempt in flight schedules until after the resend", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await resend(files.store, 1, 900);
    await files.store.record(successOutcome(1, { state: 0, due: 5000, attempts: 1 }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ due: 900, manual: 1, resume_due: 5000, attempts: 1 });
    await files.store.record(successOutcome(1, { generation: 1, trigger: 1, state: 2, attempts: 1 }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 0, due: 5000, manual: 0, resume_due: null });
  });

  it("ends the schedule after a successful resend, and returns to it after a failed one", async () => {
    await using files = await openWholeStore();
    for (const id of [1, 2]) {
      await files.store.accept(acceptEntry(id));
      await files.store.record(successOutcome(id, { state: 0, due: 5000 }));
      await resend(files.store, id, 900);
    }
    await files.store.record(successOutcome(1, { generation: 1, trigger: 1 }));
    await files.store.record(successOutcome(2, { generation: 1, trigger: 1, state: 2 }));
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: null, manual: 0, resume_due: null });
    expect(await deliveryOf(files.store, 2)).toMatchObject({ state: 0, due: 5000, manual: 0, resume_due: null });
  });

  it("does not undo a success or an end because of a failed resend", async () => {
    await using files = await openWholeStore();
    for (const [id, state] of [
      [1, 1],
      [2, 2],
    ] as const) {
      await files.store.accept(acceptEntry(id));
      await files.store.record(successOutcome(id, { state }));
      await resend(files.store, id, 900);
      await files.store.record(successOutcome(id, { generation: 1, trigger: 1, state: 2 }));
      expect(await deliveryOf(files.store, id)).toMatchObject({ state, due: null, manual: 0 });
    }
  });
});

describe("an outcome that is recorded again, because its commit was reported as failed", () => {
  it("counts once, and does not undo requests made in the meantime", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    await store.accept(acceptEntry(1));
    const outcome = successOutcome(1, { state: 0, due: 9000, attempts: 1, attempt: attemptRecord(10, { status: 2 }) });
    await store.record(outcome);
    await store.record(outcome);
    expect(await store.db.selectFrom("attempt").select("id").execute()).toEqual([{ id: 10 }]);
    const manual = successOutcome(1, { trigger: 1, state: 2, attempts: 1, attempt: attemptRecord(11, { status: 2 }) });
    await store.transaction(({ db }) =>
      db.updateTable("delivery").set({ manual: 1, resume_due: 9000, due: 5 }).where("message_id", "=", 1).execute(),
    );
    await store.record(manual);
    await store.record(manual);
    expect(await deliveryOf(store, 1)).toMatchObject({ state: 0, due: 9000, manual: 0, attempts: 1 });
  });
});

describe("due and backlog", () => {
  it("reads pages of the deliveries of one endpoint, longest waiting first, and returns when the next one is due", async () => {
    await using files = await openWholeStore();
    const dues = [30, 10, 20, 400, 10];
    for (const [index, due] of dues.entries()) await files.store.accept(acceptEntry(index + 1, { due }));
    await files.store.accept(acceptEntry(9, { due: 5, endpointIds: [2] }));
    const two = await files.store.due(1, 100, 2);
    expect(two.deliveries.map((delivery) => delivery.messageId)).toEqual([2, 5]);
    expect(two.nextDue).toBe(20);
    const all = await files.store.due(1, 100, 10);
    expect(all.deliveries.map((delivery) => delivery.messageId)).toEqual([2, 5, 3, 1]);
    expect(all.nextDue).toBe(400);
    expect(await files.store.due(3, 100, 10)).toEqual({ deliveries: [], nextDue: null });
  });

  it("reads with each due delivery the values that destinations send in addition to the payload", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const labels = { eventType: "invoice.paid", eventId: "e-1", channelsJson: '["a"]', tagsJson: '["t"]' };
    await store.accept(acceptEntry(1, { ...labels, endpointIds: [1], due: 10 }));
    const start = { kind: "ordered", after: { due: -1, messageId: -1 }, known: [], keys: null } as const;
    for (const selection of [undefined, { kind: "newest", known: [] } as const, start]) {
      const { deliveries } = await store.due(1, 100, 10, selection);
      expect(deliveries.map((job) => job.labels)).toEqual([labels]);
    }
  });

  it("reads pages from the other end if the newest are requested", async () => {
    await using files = await openWholeStore();
    for (const [index, due] of [30, 10, 20, 400].entries()) await files.store.accept(acceptEntry(index + 1, { due }));
    const { deliveries, nextDue } = await files.store.due(1, 100, 2, { kind: "newest", known: [] });
    expect(deliveries.map(({ messageId }) => messageId)).toEqual([1, 3]);
    expect(nextDue).toBe(10);
  });

  it("omits deliveries that are in memory, but not one that was made due again", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    for (const [index, due] of [10, 20, 30, 40].entries()) {
      await store.accept(acceptEntry(index + 1, { due, endpointIds: [1, 2] }));
    }
    const pageOf = async (limit: number, known: readonly number[]): Promise<readonly number[]> => {
      const [page, ofOther] = await Promise.all([
        store.due(1, 100, limit, { kind: "oldest", known }),
        store.due(2, 100, limit, { kind: "oldest", known: [] }),
      ]);
      // One statement may read both pages: deliveries in memory for one endpoint do not affect the other.
      expect(ofOther.deliveries.map(({ messageId }) => messageId)).toEqual([1, 2, 3, 4].slice(0, limit));
      return page.deliveries.map(({ messageId }) => messageId);
    };
    expect(await pageOf(2, [1, 2])).toEqual([3, 4]);
    expect(await pageOf(1, [1, 2])).toEqual([3]);
    await store.transaction(({ db }) =>
      db.updateTable("delivery").set({ generation: 1 }).where("message_id", "=", 2).execute(),
    );
    const { deliveries } = await store.due(1, 100, 4, { kind: "oldest", known: [1, 2] });
    expect(deliveries.map(({ messageId }) => messageId)).toEqual([2, 3, 4]);
  });

  it("with ordered delivery, reads those that may be sent, and returns which keys have others, where, and until when", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const keys = ["a", "a", "b", "b", null, "a", "c"];
    for (const [index, orderKey] of keys.entries()) {
      const due = index === 6 ? 900 : 10 * (index + 1);
      await store.accept(acceptEntry(index + 1, { due, orderKeys: [orderKey] }));
    }
    const start = { kind: "ordered", after: { due: -1, messageId: -1 }, known: [], keys: null } as const;
    const ids = async (now: number, selection: PageSelection = start): Promise<number[]> =>
      (await store.due(1, now, 10, selection)).deliveries.map(({ messageId }) => messageId);
    expect(await ids(100)).toEqual([1, 2, 3, 4, 5, 6]);
    // The first of `a` has failed, and can be overtaken from 700 on; a delayed one blocks no other.
    await store.record(successOutcome(1, { state: 0, due: 800, attempts: 1, passAt: 700 }));
    await store.record(successOutcome(1, { state: 0, due: 800, attempts: 1, passAt: 9000 }));
    expect(await store.due(1, 100, 10, start)).toMatchObject({
      nextDue: 800,
      ordered: {
        scannedTo: { due: 60, messageId: 6 },
        done: true,
        left: [{ key: "a", at: { due: 20, messageId: 1 } }],
        passAt: 700,
      },
    });
    expect(await ids(100)).toEqual([3, 4, 5]);
    expect(await ids(100, { ...start, known: [1] })).toEqual([2, 3, 4, 5, 6]);
    expect(await ids(100, { ...start, after: { due: 30, messageId: 3 } })).toEqual([5]);
    expect(await ids(700)).toEqual([2, 3, 4, 5, 6]);
    // Resent manually: it waits for no other, and blocks none once it has ended.
    await resend(store, 6, 60);
    expect(await ids(100)).toEqual([3, 4, 5, 6]);
    await store.record(successOutcome(3, { state: 2, due: null }));
    await resend(store, 3, 30);
    expect(await ids(100)).toEqual([3, 4, 5, 6]);
    await store.record(successOutcome(1, { state: 1, due: null, attempts: 2 }));
    expect(await ids(100)).toEqual([2, 3, 4, 5, 6]);
  });

  it("with ordered delivery, reads nothing that follows one in memory while another between them is missing", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    for (const [id, due] of [
      [1, 10],
      [3, 40],
      [4, 20],
      [5, 10],
      [6, 50],
    ] as const) {
      await store.accept(acceptEntry(id, { due, orderKeys: ["a"] }));
    }
    const after = { due: -1, messageId: -1 };
    const page = await store.due(1, 100, 10, { kind: "ordered", after, known: [1, 5], keys: null });
    // 4 is due before 3, for which it waits; 6 waits for both, although 5 is in memory.
    expect(page.deliveries.map(({ messageId }) => messageId)).toEqual([1, 5, 3]);
    expect(page.ordered?.left).toEqual([{ key: "a", at: { due: 20, messageId: 3 } }]);
    const next = await store.due(1, 100, 10, { kind: "ordered", after, known: [1, 5, 3], keys: null });
    expect(next.deliveries.map(({ messageId }) => messageId)).toEqual([1, 5, 4, 3, 6]);
    // Deliveries in memory for one endpoint do not count for another.
    await store.accept(acceptEntry(7, { endpointIds: [2], due: 10, orderKeys: ["a"] }));
    await store.accept(acceptEntry(8, { endpointIds: [2], due: 5, orderKeys: ["a"] }));
    const [other] = await Promise.all([
      store.due(2, 100, 10, { kind: "ordered", after, known: [], keys: null }),
      store.due(1, 100, 10, { kind: "ordered", after, known: [7], keys: null }),
    ]);
    expect(other.deliveries.map(({ messageId }) => messageId)).toEqual([7]);
  });

  it("with ordered delivery, reads the next deliveries of given keys, lowest messages first, a few of each", async () => {
    await using files = await openWholeStore();
    const { store } = files;
    const publish = (id: number, orderKey: string, due = 10): Promise<unknown> =>
      store.accept(acceptEntry(id, { due, orderKeys: [orderKey] }));
    for (let id = 1; id <= 40; id++) await publish(id, id % 2 === 0 ? "even" : "odd", 100 - id);
    for (const [id, due] of [
      [50, 10],
      [51, 900],
      [52, 10],
    ] as const) {
      await publish(id, "late", due);
    }
    await publish(60, "blocked");
    await publish(61, "blocked");
    await store.record(successOutcome(60, { state: 0, due: 800, attempts: 1, passAt: 700 }));
    const selection = { kind: "ordered", after: { due: 2000, messageId: 0 }, known: [] } as const;
    const page = async (keys: readonly string[], limit = 100): Promise<readonly [readonly number[], OrderedPage]> => {
      const { deliveries, ordered } = await store.due(1, 200, limit, { ...selection, keys });
      return [deliveries.map(({ messageId }) => messageId), ordered!];
    };
    const even = Array.from({ length: 16 }, (_, n) => 2 * (n + 1));
    expect(await page(["even"])).toEqual([
      even,
      expect.objectContaining({ left: [{ key: "even", at: expect.anything() }] }),
    ]);
    // A delayed delivery blocks no other; one that waits for a retry does, until it can be overtaken.
    const [found, line] = await page(["late", "blocked", "other"]);
    expect(found).toEqual([50, 52]);
    expect(line).toMatchObject({ left: [{ key: "blocked", at: { due: 10, messageId: 60 } }], passAt: 700, unread: [] });
    // A full page returns the keys that it has not reached.
    const [few, full] = await page(["odd", "even", "late"], 3);
    expect(few).toEqual([1, 3, 5]);
    expect(full).toMatchObject({ left: [{ key: "odd" }], unread: ["even", "late"] });
  });

  it("has everything that an attempt needs, but leaves a large payload to be fetched", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1, { contentType: "text/plain" }));
    await files.store.accept(acceptEntry(2, { payload: Buffer.alloc(20_000) }));
    const { deliveries } = await files.store.due(1, 0, 10);
    expect(deliveries[0]).toMatchObject({ messageId: 1, publicId: "msg_1", contentType: "text/plain", trigger: 0 });
    expect(Buffer.from(deliveries[0]!.payload!).toString()).toBe('{"id":1}');
    expect(deliveries[1]!.payload).toBeNull();
  });

  it("sees every outcome that was passed in before the call", async () => {
    await using files = await openWholeStore();
    await Promise.all([1, 2, 3].map((id) => files.store.accept(acceptEntry(id))));
    const recorded = Promise.all([1, 2].map((id) => files.store.record(successOutcome(id))));
    const page = await files.store.due(1, 0, 10);
    await recorded;
    expect(page.deliveries.map((delivery) => delivery.messageId)).toEqual([3]);
  });

  it("shows a resend with its generation and trigger", async () => {
    await using files = await openWholeStore();
    await files.store.accept(acceptEntry(1));
    await resend(files.store, 1, 7);
    await resend(files.store, 1, 8);
    const { deliveries } = await files.store.due(1, 10, 10);
    expect(deliveries).toMatchObject([{ generation: 2, trigger: 1, due: 8 }]);
  });

  it("lists each endpoint with pending deliveries, with its first due time", async () => {
    await using files = await openWholeStore();
    expect(await files.store.backlog()).toEqual([]);
    await files.store.accept(acceptEntry(1, { endpointIds: [3, 7, 5], due: 40 }));
    await files.store.accept(acceptEntry(2, { endpointIds: [3, 9], due: 20 }));
    await files.store.record(successOutcome(1, { endpointId: 7 }));
    await files.store.record(successOutcome(1, { endpointId: 5, state: 0, due: 900 }));
    expect(await files.store.backlog()).toEqual([
      { endpointId: 3, due: 20 },
      { endpointId: 5, due: 900 },
      { endpointId: 9, due: 20 },
    ]);
  });
});

describe("transaction", () => {
  it("publishes changes after the commit, and nothing when it fails", async () => {
    await using files = await openWholeStore();
    const told: unknown[] = [];
    files.store.onSignal((signals, origin) => told.push(...signals, origin));
    const insert = (id: number, fail: boolean) =>
      files.store.transaction(async ({ db, signal }) => {
        signal({ kind: "application", key: id }, { kind: "tokens" });
        await db
          .insertInto("organisation")
          .values({ id, public_id: `org_${id}`, created_at: 0 })
          .execute();
        if (fail) throw new Error("changed my mind");
      });
    await insert(1, false);
    await expect(insert(2, true)).rejects.toThrow("changed my mind");
    expect(told).toEqual([{ kind: "application", key: 1 }, { kind: "tokens" }, "here"]);
    expect(await files.store.db.selectFrom("organisation").select("id").execute()).toEqual([{ id: 1 }]);
  });

  it("is separate from commits of messages that arrive in the meantime", async () => {
    await using files = await openWholeStore();
    const accepted: Promise<unknown>[] = [];
    const failed = files.store.transaction(async ({ db }) => {
      await db.insertInto("organisation").values({ id: 1, public_id: "org_1", created_at: 0 }).execute();
      accepted.push(files.store.accept(acceptEntry(1)));
      throw new Error("rolled back");
    });
    await expect(failed).rejects.toThrow("rolled back");
    await Promise.all(accepted);
    expect(await rowsIn(files.store, "message")).toBe(1);
  });
});

describe("keys", () => {
  it("returns the greatest key in use, so that new keys continue from there", async () => {
    await using files = await openWholeStore();
    expect(await files.store.lastKey()).toBe(0);
    await files.store.accept(acceptEntry(41));
    await files.store.record(successOutcome(41, { attempt: attemptRecord(77) }));
    expect(await (await files.reopen()).lastKey()).toBe(77);
  });
});
