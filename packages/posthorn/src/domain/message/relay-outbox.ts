/**
 * Outbox relay: turns the rows that products write in their own transactions into messages. Rows appear when such a transaction commits (see
 * `023-outbox.ts`).
 *
 * A row becomes a message like any other publish, with the id that its transaction got. The row is deleted after the message is on disk. A
 * process that ends in between leaves both, and the next run recognises the message by its key, so that no row is relayed twice.
 *
 * Rows become messages in the order of their keys. When the database fails on one of them, the rows behind it wait until it can be stored.
 *
 * A step starts at the lowest key that was announced, but it also reads rows of transactions whose notice has not arrived yet. Such a
 * transaction, or one that committed before it, may have a row with a lower key. Therefore, a step stores nothing until the notices of all
 * transactions that it may have read have arrived.
 *
 * A row that cannot become a message is parked with the reason. A row that fails while the database works is retried with growing pauses and
 * then parked; the other rows do not wait for it.
 */
import type { Selectable } from "kysely";
import type { OutboxTable } from "../../store/schema.ts";
import { PosthornError } from "../../lib/errors.ts";
import { traceContextFrom } from "../../lib/trace-context.ts";
import type { Services } from "../context.ts";
import { noteLate } from "../stats/roll-up.ts";
import { firstJobs, type Prepared, type PrepareOptions, prepareMessage, type Publication } from "./prepare.ts";
import type { Tx } from "../../store/tx.ts";

type OutboxRow = Selectable<OutboxTable>;

/** A row that could not become a message. */
export interface ParkedRow {
  readonly id: string;
  readonly reason: string;
}

export interface RelayResult {
  readonly messages: number;
  readonly parked: readonly ParkedRow[];
  /** Key from which more rows may follow; `null`: there are no more. */
  readonly next: number | null;
  /** Error of the store, if it failed. All rows from the first failure on are unchanged. */
  readonly failure: unknown;
}

/** Pause before the first retry of a failing row. It doubles each time, up to a maximum; after the last failure the row is parked. */
const PAUSE_MS = 5000;
const MAX_PAUSE_MS = 600_000;
const MAX_FAILURES = 10;

/** Rows and bytes of one step, which are held in memory. */
const STEP = 500;
const STEP_BYTES = 32 * 1024 * 1024;

/**
 * Relays one step of rows, from a key on. Only one node may run it at a time: see `Store.alone`.
 *
 * @param lowestHeard Returns the lowest key of a notice that arrived after `from` was chosen; infinity without one.
 */
export async function relayOutbox(services: Services, from: number, lowestHeard: () => number): Promise<RelayResult> {
  const { store } = services;
  const { ids, next } = await nextRows(services, from);
  if (ids.length === 0) return { messages: 0, parked: [], next: null, failure: null };
  // No key is lower than 0, so a scan from there is complete.
  if (from > 0) await store.catchUp();
  if (lowestHeard() < from) return { messages: 0, parked: [], next: lowestHeard(), failure: null };
  const rows = await store.db.selectFrom("outbox").selectAll().where("id", "in", ids).orderBy("id").execute();
  const known = await knownKeys(services, ids);
  const fresh = rows.filter(({ id }) => !known.has(id));
  const { messages, left, failed, failure } = await acceptRows(services, fresh);
  const now = services.now();
  const leaving = left.map((row) => leave(row, now));
  const staying = new Set([...failed, ...left.map(({ row }) => row.id)]);
  await store.transaction(async (tx) => {
    const done = ids.filter((id) => !staying.has(id));
    await tx.db.deleteFrom("outbox").where("id", "in", done).execute();
    for (const { id, ...change } of leaving) await leaveAs(tx, id, change);
    await noteLate(tx, messages);
  }, "message.relay-outbox");
  await wakeFor(services, [...known]);
  const parked = left.flatMap(({ row, reason }, index) =>
    leaving[index]!.parked_at === null ? [] : [{ id: row.public_id, reason }],
  );
  return { messages: messages.length, parked, next: failure === null ? next : null, failure };
}

type Leaving = Pick<OutboxRow, "failures" | "error" | "retry_at" | "parked_at">;

/** New state of a row that did not become a message: retried later, or parked. */
function leave({ row, reason, forGood }: Left, now: number): Leaving & { readonly id: number } {
  const failures = row.failures + 1;
  const isParked = forGood || failures >= MAX_FAILURES;
  const pauseMs = Math.min(MAX_PAUSE_MS, PAUSE_MS * 2 ** row.failures);
  return {
    id: row.id,
    failures,
    error: reason,
    retry_at: isParked ? null : now + pauseMs,
    parked_at: isParked ? now : null,
  };
}

async function leaveAs({ db }: Tx, id: number, change: Leaving): Promise<void> {
  await db.updateTable("outbox").set(change).where("id", "=", id).execute();
}

/** Deletes rows that were parked before this time. */
export async function dropParked({ store }: Services, before: number): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db.deleteFrom("outbox").where("parked_at", "<", before).execute();
  }, "message.relay-outbox");
}

/** Whether there are rows that can be relayed now. */
export async function hasOutboxRows(services: Services): Promise<boolean> {
  return (await rowsFrom(services, 0).select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** Rows that can be relayed now, in the order of their keys. */
function rowsFrom({ store, now }: Services, from: number) {
  return store.db
    .selectFrom("outbox")
    .where("id", ">=", from)
    .where("parked_at", "is", null)
    .where((eb) => eb.or([eb("retry_at", "is", null), eb("retry_at", "<=", now())]))
    .orderBy("id");
}

async function nextRows(
  services: Services,
  from: number,
): Promise<{ readonly ids: readonly number[]; readonly next: number | null }> {
  const rows = await rowsFrom(services, from)
    .select((eb) => ["id", eb.fn<number>("octet_length", ["payload"]).as("bytes")])
    .limit(STEP)
    .execute();
  let bytes = 0;
  const tooMany = rows.findIndex((row, index) => (bytes += row.bytes) > STEP_BYTES && index > 0);
  const ids = rows.slice(0, tooMany === -1 ? rows.length : tooMany).map(({ id }) => id);
  const isAll = ids.length === rows.length && rows.length < STEP;
  return { ids, next: isAll ? null : ids.at(-1)! + 1 };
}

/** Rows whose message already exists, because an earlier run ended before it deleted the row. */
async function knownKeys({ store }: Services, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await store.db.selectFrom("message").select("id").where("id", "in", ids).execute();
  return new Set(rows.map(({ id }) => id));
}

/** Wakes the nodes that deliver these messages. The node that stored them may have crashed before it notified them. */
async function wakeFor({ store, dispatch }: Services, messages: readonly number[]): Promise<void> {
  if (messages.length === 0) return;
  const pending = await store.db
    .selectFrom("delivery")
    .select("endpoint_id")
    .distinct()
    .where("message_id", "in", messages)
    .where("due", "is not", null)
    .execute();
  const endpointIds = pending.map(({ endpoint_id }) => endpoint_id);
  for (const endpointId of endpointIds) dispatch.wake(endpointId);
  if (endpointIds.length > 0) store.signal({ kind: "due", endpointIds, from: null });
}

/** A row that did not become a message. */
interface Left {
  readonly row: OutboxRow;
  readonly reason: string;
  /** Whether a retry would fail in the same way. */
  readonly forGood: boolean;
}

interface Accepted {
  readonly messages: readonly number[];
  readonly left: readonly Left[];
  /** Rows that failed because the store was unavailable. */
  readonly failed: ReadonlySet<number>;
  readonly failure: unknown;
}

async function acceptRows(services: Services, rows: readonly OutboxRow[]): Promise<Accepted> {
  const { store, dispatch, tracing } = services;
  const { prepared, left } = await prepareRows(services, rows);
  const results = await store.acceptInOrder(prepared.map(({ entry }) => entry));
  const messages: number[] = [];
  const failed = new Set<number>();
  let failure: unknown = null;
  const jobs = prepared.flatMap(({ entry, row, caller }, index) => {
    const result = results[index]!;
    if (result.status === "rejected") {
      if (isStoreOutage(result.reason)) {
        failed.add(entry.id);
        failure = result.reason;
      } else left.push({ row, reason: reasonOf(result.reason), forGood: false });
    } else if (result.value.kind === "stored") {
      messages.push(entry.id);
      tracing?.published(entry, caller);
      return firstJobs(entry, result.value.dues ?? null);
    } else {
      left.push({ row, reason: "event id taken", forGood: true });
    }
    return [];
  });
  dispatch.push(jobs);
  return { messages, left, failed, failure };
}

async function prepareRows(
  services: Services,
  rows: readonly OutboxRow[],
): Promise<{ readonly prepared: readonly (Prepared & { readonly row: OutboxRow })[]; readonly left: Left[] }> {
  const applications = await Promise.all(rows.map(async (row) => services.directory.application(row.app_id)));
  const left: Left[] = [];
  const prepared = rows.flatMap((row, index) => {
    const application = applications[index]!;
    if (application === null) {
      left.push({ row, reason: "application gone", forGood: true });
      return [];
    }
    try {
      return [{ row, ...prepareMessage({ services }, application, publicationOf(row), null, optionsOf(row)) }];
    } catch (error) {
      left.push({ row, reason: reasonOf(error), forGood: false });
      return [];
    }
  });
  return { prepared, left };
}

/** Whether the store caused the error, so that any other row would fail too. */
function isStoreOutage(error: unknown): boolean {
  return error instanceof PosthornError && (error.code === "storage_unavailable" || error.code === "storage_full");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function optionsOf({ id: key, public_id: id, trace_context: trace }: OutboxRow): PrepareOptions {
  const [parent = "", ...state] = trace?.split(" ") ?? [];
  return { identity: { key, id }, caller: trace === null ? null : traceContextFrom(parent, state.join(" ")) };
}

function publicationOf(row: OutboxRow): Publication {
  return {
    eventType: row.event_type,
    eventId: row.event_id,
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    tags: row.tags_json === null ? null : (JSON.parse(row.tags_json) as string[]),
    orderingKey: row.ordering_key,
    payload: row.payload,
    contentType: row.content_type,
    deliverAt: row.due,
    delayMs: null,
    deliverUntil: row.deliver_until,
    ttlMs: row.ttl_ms,
    retentionMs: row.retention_ms,
  };
}
