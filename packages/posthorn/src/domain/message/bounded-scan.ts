/**
 * Reads filtered lists at a bounded cost: a scan follows an index that has only the matching rows and, if the filter has several conditions,
 * the index with the fewest of them. One page scans a limited number of rows.
 */
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from "kysely";
import { LABEL_KIND, type LabelKind } from "../../store/labels.ts";
import type { Database } from "../../store/schema.ts";
import { type Context, reader } from "../context.ts";
import { type Slice, type Scanned } from "../paging.ts";
import { keyRange, type MessageFilter, messageMatches, type TimeRange } from "./filter.ts";

/** Rows scanned for one page. */
export const MAX_SCANNED_ROWS = 5000;
/** Rows read by one statement. */
const READ_AT_ONCE = 500;
/** Each event type is an index lookup. A filter with more types matches so many messages that a scan of all finds enough. */
const MAX_TYPES = 10;
/** Up to this number of messages, their attempts are read instead of all attempts of the endpoint. */
const FEW = 200;
/** Maximum number of messages scanned to find out whether there are few. */
const MAX_SCANNED_FOR_FEW = 1000;

/** Range of keys (exclusive; `null`: unbounded), and the order in which to read it. */
export interface ScanRange {
  readonly above: number | null;
  readonly below: number | null;
  readonly order: "asc" | "desc";
}

/** Returns up to `limit` keys of candidate rows from a range, in its order. */
export type KeySource = (range: ScanRange, limit: number) => Promise<readonly number[]>;

/** Condition on a key column that selects a part of a list. */
export type Part = (column: KeyColumn) => RawBuilder<SqlBool>;
type KeyColumn = "message.id" | "attempt.id" | "delivery.message_id" | "message_label.message_id";

/** Reads the rows of a part of a list, at most `limit`, in the order of the range. */
export type ReadPart<Row> = (part: Part, limit: number) => Promise<readonly Row[]>;

export function isFiltered({ eventTypes, channel, tag }: MessageFilter): boolean {
  return eventTypes !== null || channel !== null || tag !== null;
}

/** Range of keys of a page. */
export function scanRangeOf({ from, order }: Slice<number>, times: TimeRange): ScanRange {
  const { above, below } = keyRange(times);
  if (from === null) return { above, below, order };
  if (order === "asc") return { above: above === null ? from : Math.max(above, from), below, order };
  return { above, below: below === null ? from : Math.min(below, from), order };
}

/** Key sources for the conditions of a filter that have an index; empty if none has. */
export function messageKeySources(
  ctx: Context,
  appKey: number,
  { eventTypes, channel, tag }: MessageFilter,
): KeySource[] {
  const sources: KeySource[] = [];
  if (tag !== null) sources.push(labelKeys(ctx, appKey, LABEL_KIND.tag, tag));
  if (channel !== null) sources.push(labelKeys(ctx, appKey, LABEL_KIND.channel, channel));
  if (eventTypes !== null && eventTypes.length <= MAX_TYPES) sources.push(typeKeys(ctx, appKey, eventTypes));
  return sources;
}

/** Every message of an application. */
export function applicationKeys(ctx: Context, appKey: number): KeySource {
  return async (range, limit) => {
    const query = reader(ctx).selectFrom("message").select("message.id as key").where("app_id", "=", appKey);
    return keysOf(within(query, "message.id", range, limit));
  };
}

/** Every message with a delivery to an endpoint. */
export function endpointKeys(ctx: Context, endpointKey: number): KeySource {
  return async (range, limit) => {
    const query = reader(ctx).selectFrom("delivery").select("message_id as key").where("endpoint_id", "=", endpointKey);
    return keysOf(within(query, "delivery.message_id", range, limit));
  };
}

/** Attempts to an endpoint: those of the matching messages if there are few, otherwise all. */
export async function attemptKeys(
  ctx: Context,
  of: { readonly appKey: number; readonly endpointKey: number },
  filter: MessageFilter,
): Promise<KeySource> {
  const messages = await fewMessages(ctx, of.appKey, filter);
  const few = messages === null ? null : await attemptsOf(ctx, of.endpointKey, messages);
  if (few !== null) return keySourceOf(few);
  return async (range, limit) => {
    const query = reader(ctx).selectFrom("attempt").select("id as key").where("endpoint_id", "=", of.endpointKey);
    return keysOf(within(query, "attempt.id", range, limit));
  };
}

/** Messages that match a filter, newest first; `null` if there are many, or an unknown number. */
async function fewMessages(ctx: Context, appKey: number, filter: MessageFilter): Promise<readonly number[] | null> {
  const sources = messageKeySources(ctx, appKey, filter);
  if (sources.length === 0) return null;
  const all: ScanRange = { above: null, below: null, order: "desc" };
  const { rows, stoppedAt } = await scan(
    sources,
    all,
    FEW + 1,
    (keys) => matching(ctx, filter, keys),
    MAX_SCANNED_FOR_FEW,
  );
  return stoppedAt === null && rows.length <= FEW ? rows : null;
}

/** Attempts of some messages to an endpoint; `null` when the messages have too many attempts to scan, for example to other endpoints. */
async function attemptsOf(
  ctx: Context,
  endpointKey: number,
  messages: readonly number[],
): Promise<readonly number[] | null> {
  if (messages.length === 0) return [];
  const rows = await reader(ctx)
    .selectFrom("attempt")
    .select(["id", "endpoint_id"])
    .where("message_id", "in", messages)
    .limit(MAX_SCANNED_ROWS + 1)
    .execute();
  return rows.length > MAX_SCANNED_ROWS
    ? null
    : rows.filter((row) => row.endpoint_id === endpointKey).map(({ id }) => id);
}

/** Keys of those messages that match a filter. A query on the messages alone is cheaper than a join, even when repeated. */
export async function matching(
  ctx: Context,
  filter: MessageFilter,
  keys: readonly number[],
): Promise<readonly number[]> {
  if (keys.length === 0) return [];
  const query = reader(ctx).selectFrom("message").select("id").where("id", "in", keys).where(messageMatches(filter));
  return (await query.execute()).map(({ id }) => id);
}

/**
 * Scans the source with the fewest keys until there are enough rows or the limit of scanned rows is reached.
 *
 * @param fits Returns the keys whose rows match.
 * @returns Keys, at most `wanted`.
 */
export async function scan(
  sources: readonly KeySource[],
  range: ScanRange,
  wanted: number,
  fits: (keys: readonly number[]) => Promise<readonly number[]>,
  most = MAX_SCANNED_ROWS,
): Promise<Scanned<number>> {
  const source = sources.length === 1 ? sources[0]! : await shortest(sources, range);
  const found: number[] = [];
  let rest = range;
  for (let looked = 0; found.length < wanted;) {
    // If every row matches, the first step is enough.
    const step = Math.min(looked === 0 ? wanted : READ_AT_ONCE, most - looked);
    const keys = await source(rest, step);
    const fitting = new Set(await fits(keys));
    found.push(...keys.filter((key) => fitting.has(key)));
    if (keys.length < step || found.length >= wanted) break;
    looked += keys.length;
    const last = keys.at(-1)!;
    if (looked === most) return { rows: found, stoppedAt: last };
    rest = rest.order === "asc" ? { ...rest, above: last } : { ...rest, below: last };
  }
  return { rows: found.slice(0, wanted), stoppedAt: null };
}

/** Rows with the keys that a scan found. */
export async function readScanned<Row>(found: Scanned<number>, read: ReadPart<Row>): Promise<Scanned<Row>> {
  const { rows: keys, stoppedAt } = found;
  if (keys.length === 0) return { rows: [], stoppedAt };
  const rows = await read((column) => sql<SqlBool>`${sql.ref(column)} IN (${sql.join(keys)})`, keys.length);
  // If a row was deleted in the meantime, the page has room for rows after the last one.
  return { rows, stoppedAt: stoppedAt ?? (rows.length < keys.length ? keys.at(-1)! : null) };
}

/** First rows of a range, for lists without a filter. */
export async function readAll<Row>(
  { above, below }: ScanRange,
  wanted: number,
  read: ReadPart<Row>,
): Promise<Scanned<Row>> {
  const part: Part = (column) => {
    const key = sql.ref(column);
    const bounds = [sql`TRUE`, ...(above === null ? [] : [sql`${key} > ${above}`])];
    if (below !== null) bounds.push(sql`${key} < ${below}`);
    return sql<SqlBool>`(${sql.join(bounds, sql` AND `)})`;
  };
  return { rows: await read(part, wanted), stoppedAt: null };
}

/** The source with the fewest keys, counted up to the limit of a scan. Rare conditions are found with the first query. */
async function shortest(sources: readonly KeySource[], range: ScanRange): Promise<KeySource> {
  const first = await sourceWithFewestKeys(sources, range, FEW + 1);
  return keySourceOf(first.length <= FEW ? first : await sourceWithFewestKeys(sources, range, MAX_SCANNED_ROWS));
}

async function sourceWithFewestKeys(
  sources: readonly KeySource[],
  range: ScanRange,
  limit: number,
): Promise<readonly number[]> {
  const found = await Promise.all(sources.map((source) => source(range, limit)));
  return found.reduce((fewest, keys) => (keys.length < fewest.length ? keys : fewest));
}

function keySourceOf(keys: readonly number[]): KeySource {
  return async ({ above, below, order }, limit) =>
    keys
      .filter((key) => (above === null || key > above) && (below === null || key < below))
      .sort((a, b) => (order === "asc" ? a - b : b - a))
      .slice(0, limit);
}

function labelKeys(ctx: Context, appKey: number, kind: LabelKind, name: string): KeySource {
  return async (range, limit) => {
    const query = reader(ctx)
      .selectFrom("message_label")
      .select("message_id as key")
      .where("app_id", "=", appKey)
      .where("kind", "=", kind)
      .where("name", "=", name);
    return keysOf(within(query, "message_label.message_id", range, limit));
  };
}

/** One index lookup for each event type, merged. */
function typeKeys(ctx: Context, appKey: number, types: readonly string[]): KeySource {
  return async (range, limit) => {
    const ofType = (type: string) => {
      const query = reader(ctx)
        .selectFrom("message")
        .select("message.id as key")
        .where("app_id", "=", appKey)
        .where("event_type", "=", type);
      return reader(ctx)
        .selectFrom(within(query, "message.id", range, limit).as("of_type"))
        .select("key");
    };
    const [first, ...others] = [...new Set(types)].map(ofType);
    if (first === undefined) return [];
    const all = others.reduce((query, other) => query.unionAll(other), first);
    return keysOf(all.orderBy("key", range.order).limit(limit));
  };
}

function within<Tables extends keyof Database>(
  query: SelectQueryBuilder<Database, Tables, { key: number }>,
  column: KeyColumn,
  { above, below, order }: ScanRange,
  limit: number,
): SelectQueryBuilder<Database, Tables, { key: number }> {
  const key = sql.ref<number>(column);
  let range = query.orderBy(key, order).limit(limit);
  if (above !== null) range = range.where(key, ">", above);
  if (below !== null) range = range.where(key, "<", below);
  return range;
}

async function keysOf(query: { execute(): Promise<{ readonly key: number }[]> }): Promise<readonly number[]> {
  return (await query.execute()).map(({ key }) => key);
}
