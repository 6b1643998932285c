/**
 * Makes messages of what products published within their own transactions: rows of the outbox, which are there once the transaction has
 * committed (see `023-outbox.ts`).
 *
 * Each goes the way of every other publish, with the id that its transaction was told. The row goes after the message is on disk; a
 * process that ends in between finds both, and the message is known by its key. So it is taken up once, whoever dies when.
 */
import type { Selectable } from "kysely";
import type { OutboxTable } from "../../store/schema.ts";
import type { Services } from "../context.ts";
import { noteLate } from "../stats/roll-up.ts";
import { firstJobs, type Prepared, type PrepareOptions, prepareMessage, type Publication } from "./prepare.ts";

type OutboxRow = Selectable<OutboxTable>;

/** Why a row became no message. */
export interface NotTaken {
  readonly id: string;
  readonly reason: "application gone" | "event id taken";
}

export interface TakenUp {
  readonly messages: number;
  readonly notTaken: readonly NotTaken[];
  /** From where on there may be more; `null`: this was all. */
  readonly next: number | null;
  /** What kept the store from some of them, which are still there; `null`: nothing. */
  readonly failure: unknown;
}

/** Rows and bytes of one step: it holds them in memory. */
const STEP = 500;
const STEP_BYTES = 32 * 1024 * 1024;

/** Takes up some rows from a key on. One node at a time: see `Store.alone`. */
export async function takeUp(services: Services, from: number): Promise<TakenUp> {
  const { store } = services;
  const { ids, next } = await nextRows(services, from);
  if (ids.length === 0) return { messages: 0, notTaken: [], next: null, failure: null };
  const rows = await store.db.selectFrom("outbox").selectAll().where("id", "in", ids).orderBy("id").execute();
  const known = await knownKeys(services, ids);
  const fresh = rows.filter(({ id }) => !known.has(id));
  const { messages, notTaken, failed, failure } = await acceptRows(services, fresh);
  const done = ids.filter((id) => !failed.has(id));
  await store.transaction(async (tx) => {
    await tx.db.deleteFrom("outbox").where("id", "in", done).execute();
    await noteLate(tx, messages);
  });
  await wakeFor(services, [...known]);
  return { messages: messages.length, notTaken, next, failure };
}

async function nextRows(
  { store }: Services,
  from: number,
): Promise<{ readonly ids: readonly number[]; readonly next: number | null }> {
  const rows = await store.db
    .selectFrom("outbox")
    .select((eb) => ["id", eb.fn<number>("octet_length", ["payload"]).as("bytes")])
    .where("id", ">=", from)
    .orderBy("id")
    .limit(STEP)
    .execute();
  let bytes = 0;
  const tooMany = rows.findIndex((row, index) => (bytes += row.bytes) > STEP_BYTES && index > 0);
  const ids = rows.slice(0, tooMany === -1 ? rows.length : tooMany).map(({ id }) => id);
  const isAll = ids.length === rows.length && rows.length < STEP;
  return { ids, next: isAll ? null : ids.at(-1)! + 1 };
}

/** Those whose message is there already: whoever took them up ended before the row was gone. */
async function knownKeys({ store }: Services, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await store.db.selectFrom("message").select("id").where("id", "in", ids).execute();
  return new Set(rows.map(({ id }) => id));
}

/** Whoever stored these messages may have ended before a dispatcher heard of them. */
async function wakeFor({ store, dispatch }: Services, messages: readonly number[]): Promise<void> {
  if (messages.length === 0) return;
  const owed = await store.db
    .selectFrom("delivery")
    .select("endpoint_id")
    .distinct()
    .where("message_id", "in", messages)
    .where("due", "is not", null)
    .execute();
  for (const { endpoint_id } of owed) dispatch.wake(endpoint_id);
}

interface Accepted {
  readonly messages: readonly number[];
  readonly notTaken: readonly NotTaken[];
  readonly failed: ReadonlySet<number>;
  readonly failure: unknown;
}

async function acceptRows(services: Services, rows: readonly OutboxRow[]): Promise<Accepted> {
  const { directory, store, dispatch } = services;
  const applications = await Promise.all(rows.map(async (row) => directory.application(row.app_id)));
  const notTaken: NotTaken[] = [];
  const prepared = rows.flatMap((row, index): Prepared[] => {
    const application = applications[index]!;
    if (application !== null)
      return [prepareMessage({ services }, application, publicationOf(row), null, identityOf(row))];
    notTaken.push({ id: row.public_id, reason: "application gone" });
    return [];
  });
  const answers = await store.acceptAll(prepared.map(({ entry }) => entry));
  const messages: number[] = [];
  const failed = new Set<number>();
  let failure: unknown = null;
  const jobs = prepared.flatMap(({ entry }, index) => {
    const answer = answers[index]!;
    if (answer.status === "rejected") {
      failed.add(entry.id);
      failure = answer.reason;
    } else if (answer.value.kind === "stored") {
      messages.push(entry.id);
      return firstJobs(entry, answer.value.dues ?? null);
    } else {
      notTaken.push({ id: entry.publicId, reason: "event id taken" });
    }
    return [];
  });
  dispatch.push(jobs);
  return { messages, notTaken, failed, failure };
}

function identityOf({ id: key, public_id: id }: OutboxRow): PrepareOptions {
  return { identity: { key, id } };
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
