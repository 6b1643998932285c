import type pg from "pg";
import { MESSAGE } from "../../hot-columns.ts";
import { DELIVERY_STATE } from "../../schema.ts";
import type { AcceptEntry, AcceptResult, Dues } from "../../store.ts";
import { inTransaction, type Pool, withClient } from "../connections.ts";
import { controlledDues } from "./debounce.ts";
import { namesOf, type Parameter, unnestOf } from "./unnest.ts";

/** Input columns of a message: those of its table, followed by the values that are stored elsewhere. */
const INPUT: readonly Parameter[] = [
  ...MESSAGE.columns,
  { column: "payload_from", type: "int" },
  { column: "payload_bytes", type: "int" },
  { column: "hash", type: "text" },
  { column: "bucket", type: "bigint" },
  { column: "buckets", type: "text" },
];
const DELIVERY: readonly Parameter[] = [
  { column: "message_id", type: "bigint" },
  { column: "endpoint_id", type: "bigint" },
  { column: "state", type: "int" },
  { column: "due", type: "bigint" },
  { column: "order_key", type: "text" },
];

/** Parameters of exact bodies, after those of deliveries. */
const EXACT: readonly Parameter[] = [
  { column: "message_id", type: "bigint" },
  { column: "exact_from", type: "int" },
  { column: "exact_length", type: "int" },
  { column: "keep_ms", type: "bigint" },
  { column: "pending", type: "int" },
];

/** Number of the first parameter of exact bodies. */
const FIRST_EXACT = INPUT.length + 2 + DELIVERY.length;
const SEALED_INPUT = `sealed AS MATERIALIZED (SELECT * FROM ${unnestOf(EXACT, FIRST_EXACT)} AS e (${namesOf(EXACT)})),`;
const EXACT_BODIES = `, exact AS (
    INSERT INTO exact_body (message_id, body_sealed, keep_ms, destroy_at)
    SELECT e.message_id, substring($${FIRST_EXACT + EXACT.length}::bytea FROM e.exact_from FOR e.exact_length), e.keep_ms,
      CASE WHEN e.pending = 0 THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint + e.keep_ms END
    FROM sealed e JOIN fresh f ON f.id = e.message_id WHERE e.pending = 1 OR e.keep_ms > 0
  )`;

/**
 * Stores messages and their deliveries in one statement and one commit, independent of the size of the batch.
 *
 * A message whose idempotency key or event ID is in use is skipped and returned. If a concurrent commit takes the key, the unique index
 * makes the whole statement fail; the caller then stores each message separately and finds the earlier one. Payloads are concatenated in
 * one binary value, because an array of them would be sent as hexadecimal text.
 *
 * A message with a key that readers of feeds may have passed gets its place in `feed_late` (see migration 040).
 */
const ACCEPT = acceptStatement(false);
/** The same for a batch with exact bodies. */
const ACCEPT_EXACT = acceptStatement(true);

function acceptStatement(hasExact: boolean): { readonly name: string; readonly text: string } {
  return {
    name: hasExact ? "accept exact" : "accept",
    text: `
  WITH ${hasExact ? SEALED_INPUT : ""} judged AS MATERIALIZED (
    SELECT i.*,
      (SELECT k.message_id FROM idempotency k
       WHERE k.bucket = ANY (i.buckets::bigint[]) AND k.hash = i.hash AND k.message_id IS NOT NULL LIMIT 1) AS replayed,
      EXISTS (SELECT FROM event_id_taken e WHERE e.app_id = i.app_id AND e.event_id = i.event_id) AS taken
    FROM ${unnestOf(INPUT)} AS i (${namesOf(INPUT)})
  ), fresh AS (
    SELECT * FROM judged WHERE replayed IS NULL AND NOT taken
  ), keys AS (
    INSERT INTO idempotency (bucket, hash, message_id) SELECT bucket, hash, id FROM fresh WHERE hash IS NOT NULL ORDER BY bucket, hash
  ), event_ids AS (
    INSERT INTO event_id_taken (app_id, event_id, message_id)
    SELECT app_id, event_id, id FROM fresh WHERE event_id IS NOT NULL ORDER BY app_id, event_id
  ), deadlines AS (
    INSERT INTO message_deadline (deliver_until, message_id) SELECT deliver_until, id FROM fresh WHERE deliver_until IS NOT NULL
  ), messages AS (
    INSERT INTO message (${MESSAGE.names}, payload)
    SELECT ${MESSAGE.names}, substring($${INPUT.length + 1}::bytea FROM payload_from FOR payload_bytes) FROM fresh
  ), labels AS (
    INSERT INTO message_label (app_id, kind, name, message_id)
    SELECT f.app_id, l.kind, l.name, f.id FROM fresh f CROSS JOIN LATERAL labels_of(f.channels_json, f.tags_json) l
    WHERE f.channels_json IS NOT NULL OR f.tags_json IS NOT NULL
  ), feed AS MATERIALIZED (
    SELECT feed_limit() AS next
  ), late AS (
    INSERT INTO feed_late (app_id, after_key, message_id)
    SELECT f.app_id, feed.next, f.id FROM fresh f CROSS JOIN feed WHERE f.id <= feed.next
  ), deliveries AS (
    INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual, order_key, has_exact)
    SELECT d.message_id, d.endpoint_id, d.state, d.due, 0, 0, 0, d.order_key,
      ${hasExact ? "CASE WHEN d.message_id IN (SELECT message_id FROM sealed) THEN 1 END" : "NULL"}
    FROM ${unnestOf(DELIVERY, INPUT.length + 2)} AS d (${namesOf(DELIVERY)})
    WHERE d.message_id NOT IN (SELECT id FROM judged WHERE replayed IS NOT NULL OR taken)
  )${hasExact ? EXACT_BODIES : ""}
  SELECT id, replayed FROM judged WHERE replayed IS NOT NULL OR taken`,
  };
}

/** Accepts messages that do not share keys with each other. Rejects if one of them fails. */
export async function acceptTogether(pool: Pool, entries: readonly AcceptEntry[]): Promise<readonly AcceptResult[]> {
  const refused = await withClient(pool, (client) => run(client, entries, null));
  return entries.map(({ id }) => refused.get(id) ?? { kind: "stored" });
}

/** Accepts a message with debounce or throttle rules. */
export function acceptWithFlowControl(pool: Pool, entry: AcceptEntry): Promise<AcceptResult> {
  return inTransaction(pool, async (client) => {
    await client.query("SAVEPOINT before_flow_control");
    const dues = await controlledDues(client, entry, entry.flowControl!);
    const refusal = (await run(client, [entry], dues)).get(entry.id);
    if (refusal === undefined) return { kind: "stored", dues };
    // The message is a duplicate: undo its effects on other messages of its debounce and throttle keys.
    await client.query("ROLLBACK TO SAVEPOINT before_flow_control");
    return refusal;
  });
}

/** Returns the unique keys of a message. Messages with a common key must not be in one statement: the second must see the first's result. */
export function keysOf(entry: AcceptEntry): readonly string[] {
  const { idempotency, eventId, appId } = entry;
  return [
    ...(idempotency === null ? [] : [`key/${idempotency.hash}`]),
    ...(eventId === null ? [] : [`event/${appId}/${eventId}`]),
  ];
}

/** Stores messages. Returns the results of those that were refused, by message key. */
async function run(
  client: pg.ClientBase,
  entries: readonly AcceptEntry[],
  dues: Dues | null,
): Promise<ReadonlyMap<number, AcceptResult>> {
  const payload = Buffer.concat(entries.map((entry) => entry.payload));
  let offset = 1;
  const offsets = entries.map((entry) => (offset += entry.payload.byteLength) - entry.payload.byteLength);
  const deliveries = entries.flatMap((entry) =>
    entry.endpointIds.map((endpointId, index) => newDelivery(entry, endpointId, index, dues)),
  );
  const values: unknown[] = [
    ...MESSAGE.columns.map(({ of }) => entries.map(of)),
    offsets,
    entries.map((entry) => entry.payload.byteLength),
    entries.map((entry) => entry.idempotency?.hash ?? null),
    entries.map((entry) => entry.idempotency?.buckets[0] ?? null),
    entries.map((entry) => (entry.idempotency === null ? null : `{${entry.idempotency.buckets.join(",")}}`)),
    payload,
    entries.flatMap((entry) => entry.endpointIds.map(() => entry.id)),
    entries.flatMap((entry) => entry.endpointIds),
    deliveries.map(({ state }) => state),
    deliveries.map(({ due }) => due),
    deliveries.map(({ orderKey }) => orderKey),
  ];
  const exact = entries.filter((entry) => (entry.exact?.sealed ?? null) !== null);
  const statement = exact.length === 0 ? ACCEPT : ACCEPT_EXACT;
  if (exact.length > 0) values.push(...exactValues(exact, dues));
  const { rows } = await client.query<{ id: number; replayed: number | null }>({ ...statement, values });
  return new Map(rows.map(({ id, replayed }) => [id, refusalOf(replayed)]));
}

/** Values of the parameters `EXACT`, and of the sealed bodies. @param dues See `newDelivery`. */
function exactValues(entries: readonly AcceptEntry[], dues: Dues | null): readonly unknown[] {
  const bodies = entries.map(({ exact }) => exact!.sealed!);
  let offset = 1;
  const isPending = (entry: AcceptEntry): boolean =>
    entry.endpointIds.some((endpointId, index) => newDelivery(entry, endpointId, index, dues).due !== null);
  return [
    entries.map(({ id }) => id),
    bodies.map((body) => (offset += body.byteLength) - body.byteLength),
    bodies.map((body) => body.byteLength),
    entries.map(({ exact }) => exact!.keepMs),
    entries.map((entry) => (isPending(entry) ? 1 : 0)),
    Buffer.concat(bodies),
  ];
}

interface NewDelivery {
  readonly state: number;
  readonly due: number | null;
  readonly orderKey: string | null;
}

/** @param dues Due times under flow control, of the only entry; `null`: there is none. */
function newDelivery(entry: AcceptEntry, endpointId: number, index: number, dues: Dues | null): NewDelivery {
  if (entry.pulled?.includes(endpointId) === true) {
    return { state: DELIVERY_STATE.succeeded, due: null, orderKey: null };
  }
  const due = dues === null ? entry.due : dues[index]!;
  const state = due === null ? DELIVERY_STATE.canceled : DELIVERY_STATE.pending;
  return { state, due, orderKey: entry.orderKeys?.[index] ?? null };
}

function refusalOf(replayed: number | null): AcceptResult {
  return replayed === null ? { kind: "duplicate_event_id" } : { kind: "replayed", messageId: replayed };
}
