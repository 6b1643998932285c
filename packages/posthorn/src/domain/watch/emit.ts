/** Writes the events of transitions, in the transaction that moves the watch. */
import { createHash } from "node:crypto";
import type { Services, TransactionServices } from "../context.ts";
import type { Tx } from "../../store/tx.ts";
import type { KeyTransition } from "./key-run.ts";
import type { Cause } from "./samples.ts";
import { EVENT_KINDS, type Watch, type WatchEventKind } from "./watch.ts";

/** An event to be published. */
export interface WatchEvent {
  readonly kind: WatchEventKind;
  readonly name: string;
  /** Unique among all events of the watch, and the same when a step is repeated. */
  readonly eventId: string;
  readonly number: number;
  readonly at: number;
  readonly depth: number;
  readonly body: object;
}

export function eventOf(watch: Watch, found: KeyTransition, cause: Cause | null): WatchEvent {
  const { name, incarnation, depth, transition } = found;
  const { kind, number, at } = transition;
  const hash = hashOf(name);
  return {
    kind,
    name,
    eventId: `${watch.id}.${watch.version}.${hash}.${incarnation.toString(36)}.${number}`,
    number,
    at,
    depth,
    body: {
      ...headOf(watch),
      key: name,
      phase: kind,
      value: transition.value,
      previous: transition.previous ?? null,
      since: isoOrNull(transition.since),
      at: iso(at),
      number,
      ...(transition.reason === null ? {} : { reason: transition.reason }),
      rule: watch.rule,
      sample: cause === null ? null : sampleOf(cause),
    },
  };
}

/** Reports that new keys are ignored. */
export function overflowEvent(
  watch: Watch,
  at: number,
  cause: { readonly message: number; readonly limit: number },
): WatchEvent {
  return {
    kind: "overflow",
    name: "",
    eventId: `${watch.id}.${watch.version}.overflow.${cause.message.toString(36)}`,
    number: 0,
    at,
    depth: 1,
    body: { ...headOf(watch), phase: "overflow", at: iso(at), keys: watch.keyCount, maxKeys: cause.limit },
  };
}

function headOf({ id, uid, name, version }: Watch): object {
  return { watch: { id, uid, name, version } };
}

function hashOf(name: string): string {
  return createHash("sha256").update(name).digest("base64url").slice(0, 16);
}

/** The message as a JSON value, or as text if it is not JSON. */
function sampleOf({ id, eventType, timestamp, body }: Cause): object {
  return { id, eventType, timestamp: iso(timestamp), ...(body === null ? { omitted: true } : dataOf(body)) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function dataOf(body: Uint8Array): object {
  try {
    const text = utf8.decode(body);
    return { data: jsonOf(text) };
  } catch {
    return { omitted: true };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Stores the events in the outbox, from which they become messages as soon as the transaction has committed. */
export async function emit(
  { ids }: Pick<TransactionServices, "ids">,
  { db, signal }: Tx,
  watch: Watch,
  events: readonly WatchEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const made = events.map((event) => ({ event, ...ids.next("msg_") }));
  for (let from = 0; from < made.length; from += ROWS) {
    const part = made.slice(from, from + ROWS);
    await db
      .insertInto("outbox")
      .values(
        part.map(({ event, key, id }) => ({
          id: key,
          public_id: id,
          app_id: watch.targetKey,
          event_type: `${watch.emitType}.${event.kind}`,
          event_id: event.eventId,
          channels_json: null,
          tags_json: null,
          payload: Buffer.from(JSON.stringify(event.body)),
          content_type: "application/json",
          ordering_key: `${watch.id}.${hashOf(event.name)}`,
          due: null,
          deliver_until: null,
          ttl_ms: null,
          retention_ms: null,
          error: null,
          retry_at: null,
          parked_at: null,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await db
      .insertInto("watch_event")
      .values(
        part.map(({ event, key }) => ({
          message_id: key,
          watch_id: watch.key,
          name: event.name,
          version: watch.version,
          kind: EVENT_KINDS.indexOf(event.kind),
          number: event.number,
          at: event.at,
          depth: event.depth,
        })),
      )
      .execute();
  }
  signal({ kind: "outbox", from: made[0]!.key });
}

/** Rows of one statement. */
const ROWS = 500;

/** Deletes the records of transitions whose messages retention has deleted. */
export async function expireWatchEvents({ store }: Pick<Services, "store">, signal: AbortSignal): Promise<void> {
  const oldest = await store.db.selectFrom("message").select("id").orderBy("id").limit(1).executeTakeFirst();
  const waiting = await store.db.selectFrom("outbox").select("id").orderBy("id").limit(1).executeTakeFirst();
  const before = Math.min(oldest?.id ?? Number.MAX_SAFE_INTEGER, waiting?.id ?? Number.MAX_SAFE_INTEGER);
  if (before === Number.MAX_SAFE_INTEGER) return;
  for (let more = true; more && !signal.aborted;) {
    const rows = await store.db
      .selectFrom("watch_event")
      .select("message_id")
      .where("message_id", "<", before)
      .orderBy("message_id")
      .limit(ROWS)
      .execute();
    const gone = rows.map(({ message_id }) => message_id);
    if (gone.length === 0) return;
    await store.transaction(async ({ db }) => {
      await db.deleteFrom("watch_event").where("message_id", "in", gone).execute();
    }, "watch.expire");
    more = rows.length === ROWS;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
