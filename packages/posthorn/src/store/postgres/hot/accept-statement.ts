/** The statement that stores messages and their deliveries, with only the parts that a batch needs. */
import { MESSAGE } from "../../hot-columns.ts";
import { DELIVERY_COLUMNS, EXACT_COLUMNS, MESSAGE_COLUMNS, MESSAGE_COLUMNS_WITH_KEYS } from "./accept-columns.ts";
import type { PreparedStatement } from "./run-batch.ts";
import { rowsOfArrays } from "./unnest.ts";

/** What at least one message of a batch has. */
export interface BatchFeatures {
  /** An idempotency key or an event ID: it may be a duplicate. */
  readonly keys: boolean;
  /** A channel or a tag. */
  readonly labels: boolean;
  /** A time after which it is no longer delivered. */
  readonly deadlines: boolean;
  /** An exact body. */
  readonly exact: boolean;
}

/** The payloads of all messages, one after the other. An array of them would be copied once more. */
const PAYLOADS = "$1::bytea";
const LOWEST_ID = "$2::bigint";
const FIRST_OF_DELIVERIES = 3;
const FIRST_OF_MESSAGES = FIRST_OF_DELIVERIES + DELIVERY_COLUMNS.length;

export interface AcceptStatement extends PreparedStatement {
  /** Number of its parameters: payloads, lowest key, deliveries, messages, and, with the feature `exact`, exact bodies and their bytes. */
  readonly parameters: number;
}

const statements = new Map<string, AcceptStatement>();

/**
 * Returns the statement that stores messages and their deliveries in one commit, independent of the size of the batch.
 *
 * A message whose idempotency key or event ID is in use is skipped and returned. If a concurrent commit takes the key, the unique index
 * makes the whole statement fail; the caller then stores each message separately and finds the earlier one.
 *
 * A message with a key that readers of feeds may have passed gets its place in `feed_late` (see migration 040).
 */
export function acceptStatement(features: BatchFeatures): AcceptStatement {
  const name = ["accept", ...Object.entries(features).flatMap(([feature, has]) => (has ? [feature] : []))].join(" ");
  let statement = statements.get(name);
  if (statement === undefined) statements.set(name, (statement = { name, ...statementOf(features) }));
  return statement;
}

function statementOf({ keys, labels, deadlines, exact }: BatchFeatures): Omit<AcceptStatement, "name"> {
  const messages = keys ? MESSAGE_COLUMNS_WITH_KEYS : MESSAGE_COLUMNS;
  const input = rowsOfArrays(messages, FIRST_OF_MESSAGES);
  const firstExact = FIRST_OF_MESSAGES + messages.length;
  const tables = [
    exact && `sealed AS MATERIALIZED (${rowsOfArrays(EXACT_COLUMNS, firstExact)})`,
    keys ? checkKeys(input) : `fresh AS (${input})`,
    INSERT_MESSAGES,
    deadlines && INSERT_DEADLINES,
    labels && INSERT_LABELS,
    keys ? insertLate("fresh") : insertLate(IDS),
    exact && insertExact(`$${firstExact + EXACT_COLUMNS.length}::bytea`),
    keys && `deliveries AS (${insertDeliveries(exact)} ${IF_FRESH})`,
  ];
  const last = keys ? "SELECT id, replayed FROM checked WHERE replayed IS NOT NULL OR taken" : insertDeliveries(exact);
  const text = `WITH ${tables.filter((table) => table !== false).join(", ")} ${last}`;
  return { text, parameters: firstExact - 1 + (exact ? EXACT_COLUMNS.length + 1 : 0) };
}

function checkKeys(input: string): string {
  return `checked AS MATERIALIZED (
    SELECT i.*,
      (SELECT k.message_id FROM idempotency k
       WHERE k.bucket = ANY (i.buckets::bigint[]) AND k.hash = i.hash AND k.message_id IS NOT NULL LIMIT 1) AS replayed,
      EXISTS (SELECT FROM event_id_taken e WHERE e.app_id = i.app_id AND e.event_id = i.event_id) AS taken
    FROM (${input}) AS i
  ), fresh AS (
    SELECT * FROM checked WHERE replayed IS NULL AND NOT taken
  ), keys AS (
    INSERT INTO idempotency (bucket, hash, message_id) SELECT bucket, hash, id FROM fresh WHERE hash IS NOT NULL ORDER BY bucket, hash
  ), event_ids AS (
    INSERT INTO event_id_taken (app_id, event_id, message_id)
    SELECT app_id, event_id, id FROM fresh WHERE event_id IS NOT NULL ORDER BY app_id, event_id
  )`;
}

const INSERT_MESSAGES = `messages AS (
    INSERT INTO message (${MESSAGE.names}, payload)
    SELECT ${MESSAGE.names}, substring(${PAYLOADS} FROM payload_from FOR payload_bytes) FROM fresh
  )`;

const INSERT_DEADLINES = `deadlines AS (
    INSERT INTO message_deadline (deliver_until, message_id) SELECT deliver_until, id FROM fresh WHERE deliver_until IS NOT NULL
  )`;

const INSERT_LABELS = `labels AS (
    INSERT INTO message_label (app_id, kind, name, message_id)
    SELECT f.app_id, l.kind, l.name, f.id FROM fresh f CROSS JOIN LATERAL labels_of(f.channels_json, f.tags_json) l
    WHERE f.channels_json IS NOT NULL OR f.tags_json IS NOT NULL
  )`;

/** Keys and applications of all messages, without their other columns. */
const IDS = (() => {
  const at = (column: string): number => FIRST_OF_MESSAGES + MESSAGE_COLUMNS.findIndex((one) => one.column === column);
  return `unnest($${at("id")}::bigint[], $${at("app_id")}::bigint[]) AS fresh (id, app_id)`;
})();

/** Readers of feeds rarely pass the lowest key of a batch before it is stored. If none has, the messages are not read here. */
function insertLate(messages: string): string {
  return `feed AS MATERIALIZED (
    SELECT feed_limit() AS next
  ), late AS (
    INSERT INTO feed_late (app_id, after_key, message_id)
    SELECT l.app_id, feed.next, l.id
    FROM feed CROSS JOIN LATERAL (SELECT app_id, id FROM ${messages} WHERE id <= feed.next OFFSET 0) AS l
    WHERE feed.next >= ${LOWEST_ID}
  )`;
}

function insertExact(bodies: string): string {
  return `bodies AS (
    INSERT INTO exact_body (message_id, body_sealed, keep_ms, destroy_at)
    SELECT e.message_id, substring(${bodies} FROM e.exact_from FOR e.exact_bytes), e.keep_ms,
      CASE WHEN e.pending = 0 THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint + e.keep_ms END
    FROM sealed e JOIN fresh f ON f.id = e.message_id WHERE e.pending = 1 OR e.keep_ms > 0
  )`;
}

function insertDeliveries(exact: boolean): string {
  return `INSERT INTO delivery (message_id, endpoint_id, state, due, attempts, generation, manual, order_key, has_exact)
    SELECT d.message_id, d.endpoint_id, d.state, d.due, 0, 0, 0, d.order_key,
      ${exact ? "CASE WHEN d.message_id IN (SELECT message_id FROM sealed) THEN 1 END" : "NULL"}
    FROM (${rowsOfArrays(DELIVERY_COLUMNS, FIRST_OF_DELIVERIES)}) AS d`;
}

const IF_FRESH = "WHERE d.message_id NOT IN (SELECT id FROM checked WHERE replayed IS NOT NULL OR taken)";
