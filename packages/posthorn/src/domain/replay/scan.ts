/**
 * Scans a limited number of rows of one endpoint, in the order of a replay, for messages to send. The cost depends neither on the
 * length of the history nor on how rare matches are.
 */
import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import { ATTEMPT_STATUS, REQUESTED_BY, type Database, DELIVERY_STATE } from "../../store/schema.ts";
import { indexedBy, orderedJoin } from "../../store/portable-sql.ts";
import { causeColumn } from "../attempt/cause.ts";
import { hasStatus, type Status, statusWordOf } from "../delivery/delivery.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { mismatchOf } from "../message/match.ts";
import { jsonListHas, messageMatches } from "../message/filter.ts";
import { type FailureFilter, NO_STATUSES, type ReplayCounts, type ReplayFilter, type ReplayParams } from "./replay.ts";

/** Maximum number of rows per scan. */
export const SCAN_ROWS = 1000;

/** Rows to scan: those of this endpoint after the cursor. */
export interface ScanFrom {
  readonly params: ReplayParams;
  readonly appKey: number;
  readonly endpoint: DirectoryEndpoint;
  readonly cursor: number;
}

export interface ScanResult extends ReplayCounts {
  /** Message keys to send. */
  readonly keys: readonly number[];
  /** Key of the last scanned row. */
  readonly cursor: number;
  readonly done: boolean;
}

interface Row {
  id: number;
  fits: number;
  /** Whether its status is in the filter. */
  in_status: number;
  present: number;
  /** `null` if the message has no delivery to the endpoint. */
  state: number | null;
  attempts: number | null;
  manual: number | null;
  event_type: string;
  channels_json: string | null;
}

/** Whether the body to send still exists: the payload, or, if it was redacted, the exact body. */
export const PRESENT: RawBuilder<unknown> = sql`(message.payload IS NOT NULL AND (message.exact_bytes IS NULL
  OR EXISTS (SELECT 1 FROM exact_body WHERE exact_body.message_id = message.id)))`;

/** Finds up to `room` messages to send. */
export async function scan(db: Kysely<Database>, from: ScanFrom, room: number): Promise<ScanResult> {
  const { mode } = from.params;
  const query =
    mode === "missing" || mode === "messages" ? messagesQuery(db, from) : deliveriesQuery(db, from, SCAN_ROWS);
  const { rows } = await query.execute(db);
  return examine(rows, from, { room, limit: SCAN_ROWS });
}

/** Rows of deliveries per endpoint in a scan of several endpoints. */
const ROWS_PER_ENDPOINT = 100;

/** Scans deliveries of several endpoints with one query. Returns what to send to each endpoint, up to its room. */
export async function scanDeliveries(
  db: Kysely<Database>,
  places: readonly Omit<ScanFrom, "appKey" | "endpoint">[],
  endpoints: readonly number[],
): Promise<(index: number, room: number) => ScanResult> {
  const queries = places.map(
    (place, index) =>
      sql`SELECT * FROM (${deliveriesQuery(db, { ...place, endpoint: { key: endpoints[index]! } }, ROWS_PER_ENDPOINT)}) AS part`,
  );
  const { rows } = await sql<Row & { endpoint_id: number }>`${sql.join(queries, sql` UNION ALL `)}`.execute(db);
  return (index, room) => {
    const own = rows.filter(({ endpoint_id }) => endpoint_id === endpoints[index]);
    return examine(own, places[index]!, { room, limit: ROWS_PER_ENDPOINT });
  };
}

/** @param options.limit Maximum number of rows that the query returns. */
function examine(
  rows: readonly Row[],
  from: Pick<ScanFrom, "params" | "cursor"> & Partial<ScanFrom>,
  { room, limit }: { readonly room: number; readonly limit: number },
): ScanResult {
  const keys: number[] = [];
  let [scanned, matched, payloadGone, alreadyDue] = [0, 0, 0, 0];
  let { cursor } = from;
  const otherStatus = { ...NO_STATUSES };
  for (const row of rows) {
    if (keys.length === room) break;
    scanned++;
    cursor = row.id;
    if (row.fits === 0 || !isMissing(from, row)) continue;
    if (row.in_status === 0) {
      otherStatus[statusWordOf({ state: row.state!, attempts: row.attempts!, due: null })]++;
      continue;
    }
    matched++;
    if (row.present === 0) payloadGone++;
    else if (isDue(row)) alreadyDue++;
    else keys.push(row.id);
  }
  const done = scanned === rows.length && scanned < limit;
  return { keys, cursor, scanned, matched, payloadGone, alreadyDue, otherStatus, done };
}

/** Deliveries in progress: a manual attempt was requested, or the first attempt has not been made yet. */
function isDue({ state, attempts, manual }: Row): boolean {
  return (manual ?? 0) !== REQUESTED_BY.schedule || (state === DELIVERY_STATE.pending && attempts === 0);
}

/** Whether the message matches the endpoint and has no delivery to it. Always `true` in modes other than `missing`. */
function isMissing({ params, endpoint }: Pick<ScanFrom, "params"> & Partial<ScanFrom>, row: Row): boolean {
  if (params.mode !== "missing" || endpoint === undefined) return true;
  if (row.state !== null) return false;
  const channels = row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]);
  return mismatchOf(endpoint, { eventType: row.event_type, channels }, null) === null;
}

interface DeliveriesOf {
  readonly params: ReplayParams;
  readonly endpoint: { readonly key: number };
  readonly cursor: number;
}

function deliveriesQuery(
  db: Kysely<Database>,
  { params, endpoint, cursor }: DeliveriesOf,
  limit: number,
): RawBuilder<Row> {
  const { filter, mode } = params;
  const conditions = [messageFits(filter), deliveryFits({ ...filter, statuses: null })];
  if (mode === "failing") {
    const { failed, pending } = DELIVERY_STATE;
    conditions.push(sql`(delivery.state = ${failed} OR (delivery.state = ${pending} AND delivery.attempts > 0))`);
  }
  return sql<Row>`
    SELECT delivery.message_id AS id, delivery.endpoint_id, delivery.state, delivery.attempts, delivery.manual, message.event_type,
           message.channels_json, ${PRESENT} AS present, ${asFlag(conditions)} AS fits,
           ${asFlag([inStatus(filter)])} AS in_status
    FROM (SELECT * FROM delivery ${indexedBy(db, "delivery_of_endpoint")}
          WHERE endpoint_id = ${endpoint.key} AND ${beyond("message_id", params, cursor)} ${ofMessages("message_id", filter)}
          ORDER BY message_id ${direction(params)} LIMIT ${limit}) AS delivery
    ${orderedJoin(db)} message ON message.id = delivery.message_id
    ORDER BY delivery.message_id ${direction(params)}`;
}

function messagesQuery(db: Kysely<Database>, { params, appKey, endpoint, cursor }: ScanFrom): RawBuilder<Row> {
  const { filter, mode } = params;
  const conditions = [messageFits(filter)];
  const ofDeliveries = params.endpoints !== null || filter.statuses !== null || filter.statusCodeClasses !== null;
  if (mode === "messages" && ofDeliveries) conditions.push(hadDelivery(params, endpoint.key));
  return sql<Row>`
    SELECT message.id, existing.state, existing.attempts, existing.manual, message.event_type, message.channels_json,
           ${PRESENT} AS present, ${asFlag(conditions)} AS fits, 1 AS in_status
    FROM (SELECT id FROM message ${indexedBy(db, "message_of_application")}
          WHERE app_id = ${appKey} AND ${beyond("id", params, cursor)} ${ofMessages("id", filter)}
          ORDER BY id ${direction(params)} LIMIT ${SCAN_ROWS}) AS looked_at
    ${orderedJoin(db)} message ON message.id = looked_at.id
    LEFT JOIN delivery AS existing ON existing.message_id = looked_at.id AND existing.endpoint_id = ${endpoint.key}
    ORDER BY message.id ${direction(params)}`;
}

/** Whether the message has a delivery to another endpoint that matches the filter. */
function hadDelivery({ endpoints, filter }: ReplayParams, targetKey: number): RawBuilder<SqlBool> {
  const among =
    endpoints === null
      ? sql`delivery.endpoint_id <> ${targetKey}`
      : sql`delivery.endpoint_id IN (${sql.join(endpoints.map(({ key }) => key))})`;
  return sql<SqlBool>`EXISTS (
    SELECT 1 FROM delivery WHERE delivery.message_id = message.id AND ${among} AND ${deliveryFits(filter)})`;
}

/**
 * Limits the rows to scan to the messages that the replay names. The keys are literals: they would exceed the number of parameters of a
 * statement for many endpoints.
 */
export function ofMessages(column: string, { messages }: ReplayFilter): RawBuilder<unknown> {
  if (messages === null) return sql``;
  return sql`AND ${sql.ref(column)} IN (${sql.join(messages.map(({ key }) => sql.lit(key)))})`;
}

/** Conditions of the filter on a row of `message`. */
export function messageFits({ eventTypes, channels, tags }: ReplayFilter): RawBuilder<SqlBool> {
  const conditions = [messageMatches({ eventTypes, channel: null, tag: null })];
  if (channels !== null) conditions.push(hasOneOf("message.channels_json", channels));
  if (tags !== null) conditions.push(hasOneOf("message.tags_json", tags));
  return all(conditions);
}

function hasOneOf(column: string, names: readonly string[]): RawBuilder<SqlBool> {
  return any(names.map((name) => jsonListHas(column, name)));
}

/** Whether a row of `delivery` has one of the statuses. */
export function inStatus({ statuses }: ReplayFilter): RawBuilder<SqlBool> {
  return statuses === null ? sql<SqlBool>`TRUE` : any(statuses.map((status: Status) => hasStatus(status)));
}

/** Conditions of the filter on a row of `delivery`. */
export function deliveryFits(filter: ReplayFilter): RawBuilder<SqlBool> {
  const { failure, statusCodeClasses } = filter;
  const conditions = [inStatus(filter)];
  if (failure !== null) conditions.push(hasFailed(failure));
  if (statusCodeClasses !== null) {
    conditions.push(sql<SqlBool>`(
      SELECT attempt.response_code / 100 * 100 FROM attempt
      WHERE attempt.message_id = delivery.message_id AND attempt.endpoint_id = delivery.endpoint_id
      ORDER BY attempt.id DESC LIMIT 1) IN (${sql.join(statusCodeClasses)})`);
  }
  return all(conditions);
}

function hasFailed({ causes, fromAttempt }: FailureFilter): RawBuilder<SqlBool> {
  return sql<SqlBool>`EXISTS (
    SELECT 1 FROM attempt
    WHERE attempt.message_id = delivery.message_id AND attempt.endpoint_id = delivery.endpoint_id
      AND attempt.id >= ${fromAttempt} AND attempt.status = ${ATTEMPT_STATUS.fail}
      AND ${causeColumn("attempt")} IN (${sql.join(causes)}))`;
}

function all(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length === 0 ? sql<SqlBool>`TRUE` : sql<SqlBool>`(${sql.join(conditions, sql` AND `)})`;
}

function any(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length === 0 ? sql<SqlBool>`FALSE` : sql<SqlBool>`(${sql.join(conditions, sql` OR `)})`;
}

/** Converts conditions to 0 or 1, even if a column is null. */
export function asFlag(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql`CASE WHEN ${sql.join(conditions, sql` AND `)} THEN 1 ELSE 0 END`;
}

function beyond(column: string, { newestFirst, from, to }: ReplayParams, cursor: number): RawBuilder<SqlBool> {
  const key = sql.ref(column);
  return newestFirst
    ? sql<SqlBool>`${key} < ${cursor} AND ${key} >= ${from}`
    : sql<SqlBool>`${key} > ${cursor} AND ${key} <= ${to}`;
}

function direction({ newestFirst }: ReplayParams): RawBuilder<unknown> {
  return newestFirst ? sql`DESC` : sql`ASC`;
}
