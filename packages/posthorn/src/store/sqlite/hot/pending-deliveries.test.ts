import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyDatabase } from "../../../../test/support/empty-database.ts";
import { commitBatch, copyFiles, openJournaledWriter, recover } from "../../../../test/support/journaled-writer.ts";
import { acceptEntry, attemptRecord, successOutcome, temporaryFolder } from "../../../../test/support/store.ts";
import type { Outcome } from "../../delivery.ts";
import { APPLICATION_KIND } from "../../schema.ts";
import type { AcceptEntry } from "../../store.ts";
import { writerOn } from "../connection.ts";
import type { Handler } from "../reader.ts";

/** Rows of all tables that batches write. */
function rowsOf(db: DatabaseSync): Record<string, unknown> {
  const tables = ["message", "delivery", "attempt", "cancellation", "operational_event"];
  return Object.fromEntries(tables.map((name) => [name, db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all()]));
}

/** An application with endpoints, and a subscriber to announcements about their deliveries. */
const RESOURCES = `
  INSERT INTO application (id, public_id, org_id, name, metadata_json, created_at, updated_at, kind)
    VALUES (1, 'app_1', 1, 'a', '{}', 0, 0, ${APPLICATION_KIND.customer}), (2, 'app_2', 1, 'b', '{}', 0, 0, ${APPLICATION_KIND.operational});
  INSERT INTO endpoint (id, public_id, app_id, url, description, version, disabled, metadata_json, created_at, updated_at)
    SELECT value, 'ep_' || value, CASE value WHEN 4 THEN 2 ELSE 1 END, 'https://example.com', '', 1, 0, '{}', 0, 0
    FROM json_each('[1, 2, 3, 4]')`;

/** One step: a batch of messages and of outcomes of earlier deliveries, and what follows it. */
const step = fc.record({
  messages: fc.array(
    fc.record({
      endpoints: fc.constantFrom([1], [1], [1], [], [1, 2], [3, 2, 1]),
      isPlain: fc.constantFrom(true, true, true, true, true, true, true, true, false),
    }),
    { maxLength: 24 },
  ),
  outcomes: fc.array(
    fc.record({
      /** Which delivery, from the newest on. */
      back: fc.nat(40),
      kind: fc.constantFrom("succeeded", "succeeded", "succeeded", "retry", "failed", "manual", "canceled", "other"),
    }),
    { maxLength: 24 },
  ),
  next: fc.constantFrom(null, null, null, null, "settle", "backlog", "due", "transaction"),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Makes the batches of steps, so that they are the same for several writers. */
class Batches {
  #message = 0;
  #attempt = 1_000_000;
  readonly #deliveries: { readonly messageId: number; readonly endpointId: number; attempts: number }[] = [];

  next({ messages, outcomes }: Step): readonly [AcceptEntry[], Outcome[]] {
    const records = outcomes.flatMap(({ back, kind }) => this.#outcome(back, kind) ?? []);
    const accepts = messages.map(({ endpoints, isPlain }) => {
      const id = ++this.#message;
      for (const endpointId of endpoints) this.#deliveries.push({ messageId: id, endpointId, attempts: 0 });
      return acceptEntry(id, { endpointIds: endpoints, due: id, ...(isPlain ? {} : { eventId: `event-${id}` }) });
    });
    return [accepts, records];
  }

  #outcome(back: number, kind: string): Outcome | null {
    const delivery = this.#deliveries.at(-1 - back);
    if (delivery === undefined) return null;
    const { messageId, endpointId } = delivery;
    const attempts = ++delivery.attempts;
    const attempt = attemptRecord(++this.#attempt, { detailJson: attempts % 2 === 0 ? null : "[]" });
    const outcome = successOutcome(messageId, { endpointId, attempts, attempt });
    if (kind === "retry") return { ...outcome, state: 0, due: 5000 + attempts, attempt: { ...attempt, status: 2 } };
    if (kind === "failed") return { ...outcome, state: 2, attempt: { ...attempt, status: 2 } };
    if (kind === "manual") return { ...outcome, trigger: 1 };
    if (kind === "canceled") return { ...outcome, state: 3, attempt: null, cancel: { reason: "expired", at: 7 } };
    return kind === "other" ? { ...outcome, generation: 1 } : outcome;
  }
}

/** Does what follows the batch of a step, and returns what the writer says of deliveries. */
function follow(handle: Handler, next: Step["next"]): unknown {
  if (next === "settle" || next === "backlog") return handle({ op: next });
  if (next === "due") {
    const page = handle({ op: "due", endpointId: 1, now: 9000, newestDue: 9000, limit: 100, selection: null });
    return structuredClone(page);
  }
  if (next === null) return null;
  for (const sql of ["BEGIN IMMEDIATE", "UPDATE delivery SET generation = 1 WHERE message_id % 7 = 0", "COMMIT"])
    handle({ op: "query", sql, parameters: [] });
  return null;
}

describe("batches in the commit journal", () => {
  it("leave the same rows as batches that are committed at once, in the tables and after a crash", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 14 }), fc.boolean(), (steps, hasSubscriber) => {
        const resources = hasSubscriber ? RESOURCES : `${RESOURCES}; DELETE FROM endpoint WHERE id = 4`;
        using folder = temporaryFolder();
        const [live, dead] = [join(folder.path, "live"), join(folder.path, "dead")];
        mkdirSync(live);
        mkdirSync(dead);
        using writer = openJournaledWriter(live);
        writer.db.exec(resources);
        const path = join(folder.path, "direct.db");
        writeFileSync(path, emptyDatabase());
        using direct = new DatabaseSync(path);
        direct.exec(resources);
        const handle = writerOn(direct);
        const batches = new Batches();
        for (const one of steps) {
          const [accepts, records] = batches.next(one);
          expect(commitBatch(writer.handle, accepts, records).accepts).toBeNull();
          commitBatch(handle, accepts, records);
          expect(follow(writer.handle, one.next)).toEqual(follow(handle, one.next));
        }
        copyFiles(live, dead);
        writer.handle({ op: "settle" });
        expect(rowsOf(writer.db)).toEqual(rowsOf(direct));
        expect(recover(dead)).toMatchObject({ integrity: "ok", losses: [] });
        using recovered = new DatabaseSync(join(dead, "posthorn.db"));
        expect(rowsOf(recovered)).toEqual(rowsOf(direct));
      }),
      { numRuns: 60 },
    );
  });

  it("are visible to the writer, whatever is deferred", () => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path);
    const backlog = (): unknown => writer.handle({ op: "backlog" });
    expect(commitBatch(writer.handle, [acceptEntry(1, { due: 5 })]).isOpen).toBe(true);
    expect(backlog()).toMatchObject([{ endpointId: 1, due: 5 }]);
    commitBatch(writer.handle, [acceptEntry(2, { due: 6 })]);
    commitBatch(writer.handle, [], [successOutcome(1, { attempt: attemptRecord(10) })]);
    expect(backlog()).toMatchObject([{ endpointId: 1, due: 6 }]);
    commitBatch(writer.handle, [], [successOutcome(2, { attempt: attemptRecord(11) })]);
    expect(backlog()).toEqual([]);
  });
});

describe("a large batch", () => {
  const many = (from: number, changes: Partial<AcceptEntry> = {}) =>
    Array.from({ length: 40 }, (_, index) => acceptEntry(from + index, changes));
  const outcomes = (from: number) =>
    many(from).map(({ id }) => successOutcome(id, { attempt: attemptRecord(1000 + id) }));

  it("goes to the journal, except if most of it are outcomes of earlier transactions, or payloads are large", () => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path);
    expect(commitBatch(writer.handle, many(1)).isOpen).toBe(true);
    expect(commitBatch(writer.handle, many(100), outcomes(1)).isOpen).toBe(true);
    writer.handle({ op: "settle" });
    expect(commitBatch(writer.handle, [], outcomes(100)).isOpen).toBe(false);
    expect(commitBatch(writer.handle, many(200, { payload: Buffer.alloc(5000) })).isOpen).toBe(false);
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ attempts: 80, integrity: "ok" });
  });

  it("is committed with those before it when deliveries to many endpoints would change many pages", () => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path);
    const endpointIds = Array.from({ length: 60 }, (_, index) => index + 1);
    const isOpen = [1, 101, 201, 301].map((from) => commitBatch(writer.handle, many(from, { endpointIds })).isOpen);
    expect(isOpen).toEqual([true, true, false, true]);
  });

  it("is worth the journal, even if readers ask for nearly every batch", () => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path, undefined, { now: () => 0 });
    const isOpen = (from: number) => commitBatch(writer.handle, many(from, { payload: Buffer.alloc(1024) })).isOpen;
    for (const from of [1, 101, 201]) {
      expect(isOpen(from)).toBe(true);
      writer.handle({ op: "settle" });
    }
  });

  it.each<[string, Partial<AcceptEntry>]>([
    ["whose key is used", { id: 19 }],
    ["with a value of another type", { appId: 1.5 }],
    ["without an event type", { eventType: null as never }],
    ["with an endpoint twice", { endpointIds: [1, 1] }],
    ["whose endpoint has another type", { endpointIds: [1.5] }],
    ["whose due time has another type", { due: 1.5 }],
  ])("with a message %s refuses it and stores the others", (_, changes) => {
    using folder = temporaryFolder();
    using writer = openJournaledWriter(folder.path);
    commitBatch(writer.handle, [acceptEntry(1000)]);
    const entries = many(1).map((entry) => (entry.id === 20 ? { ...entry, ...changes } : entry));
    const { accepts } = commitBatch(writer.handle, entries);
    expect(accepts!.flatMap((status, index) => (status === "stored" ? [] : [index]))).toEqual([19]);
    const stored = entries.flatMap(({ id }, index) => (index === 19 ? [] : [id]));
    writer.handle({ op: "close" });
    expect(recover(folder.path)).toMatchObject({ messages: [...stored, 1000], integrity: "ok" });
  });
});
