/**
 * Lists with a filter, at a bounded cost: rows are looked for along an index that leads to them and to nothing else, and where a filter has
 * several conditions along the one that leads to the fewest. No more than so many rows are looked at for a page.
 */
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from "kysely";
import { LABEL_KIND, type LabelKind } from "../../store/labels.ts";
import type { Database } from "../../store/schema.ts";
import { type Context, reader } from "../context.ts";
import { type Slice, type Walked } from "../paging.ts";
import { keyRange, type MessageFilter, messageMatches, type TimeRange } from "./filter.ts";

/** Rows that are looked at for one page. */
export const MOST_LOOKED_AT = 5000;
/** Of these, that are read with one statement. */
const READ_AT_ONCE = 500;
/** Each type costs a way into the index; with more of them a filter lets so much through that there is no need to look for it. */
const MOST_TYPES = 10;
/** So many messages are few: all their attempts are looked at, in place of all attempts of the endpoint. */
const FEW = 200;
/** Messages that are looked at to find out whether they are few. */
const MOST_FOR_FEW = 1000;

/** Where a list is read from: between two keys (exclusive; `null`: no bound), in this order. */
export interface Stretch {
  readonly above: number | null;
  readonly below: number | null;
  readonly order: "asc" | "desc";
}

/** Finds the keys of rows that may be shown, at most `limit` of a stretch, in its order. */
export type Trail = (stretch: Stretch, limit: number) => Promise<readonly number[]>;

/** A condition on a column that holds keys: which part of a list is meant. */
export type Part = (column: KeyColumn) => RawBuilder<SqlBool>;
type KeyColumn = "message.id" | "attempt.id" | "delivery.message_id" | "message_label.message_id";

/** Reads the rows of a part of a list, at most `limit`, in the order of the stretch. */
export type ReadPart<Row> = (part: Part, limit: number) => Promise<readonly Row[]>;

export function isFiltered({ eventTypes, channel, tag }: MessageFilter): boolean {
  return eventTypes !== null || channel !== null || tag !== null;
}

/** The part of a list that a slice is of. */
export function stretchOf({ from, order }: Slice<number>, times: TimeRange): Stretch {
  const { above, below } = keyRange(times);
  if (from === null) return { above, below, order };
  if (order === "asc") return { above: above === null ? from : Math.max(above, from), below, order };
  return { above, below: below === null ? from : Math.min(below, from), order };
}

/** The ways to the messages of an application that a filter may let through: none where it has no condition that leads anywhere. */
export function messageTrails(ctx: Context, appKey: number, { eventTypes, channel, tag }: MessageFilter): Trail[] {
  const trails: Trail[] = [];
  if (tag !== null) trails.push(labelTrail(ctx, appKey, LABEL_KIND.tag, tag));
  if (channel !== null) trails.push(labelTrail(ctx, appKey, LABEL_KIND.channel, channel));
  if (eventTypes !== null && eventTypes.length <= MOST_TYPES) trails.push(typeTrail(ctx, appKey, eventTypes));
  return trails;
}

/** Every message of an application. */
export function applicationTrail(ctx: Context, appKey: number): Trail {
  return async (stretch, limit) => {
    const query = reader(ctx).selectFrom("message").select("message.id as key").where("app_id", "=", appKey);
    return keysOf(within(query, "message.id", stretch, limit));
  };
}

/** Every message that an endpoint is or was owed. */
export function endpointTrail(ctx: Context, endpointKey: number): Trail {
  return async (stretch, limit) => {
    const query = reader(ctx).selectFrom("delivery").select("message_id as key").where("endpoint_id", "=", endpointKey);
    return keysOf(within(query, "delivery.message_id", stretch, limit));
  };
}

/** Attempts to an endpoint: those of the messages that the filter lets through when they are few, else all. */
export async function attemptTrail(
  ctx: Context,
  of: { readonly appKey: number; readonly endpointKey: number },
  filter: MessageFilter,
): Promise<Trail> {
  const messages = await fewMessages(ctx, of.appKey, filter);
  const few = messages === null ? null : await attemptsOf(ctx, of.endpointKey, messages);
  if (few !== null) return trailOf(few);
  return async (stretch, limit) => {
    const query = reader(ctx).selectFrom("attempt").select("id as key").where("endpoint_id", "=", of.endpointKey);
    return keysOf(within(query, "attempt.id", stretch, limit));
  };
}

/** The messages that a filter lets through, newest first; `null` when they are not few, or it cannot be told. */
async function fewMessages(ctx: Context, appKey: number, filter: MessageFilter): Promise<readonly number[] | null> {
  const trails = messageTrails(ctx, appKey, filter);
  if (trails.length === 0) return null;
  const all: Stretch = { above: null, below: null, order: "desc" };
  const { rows, stoppedAt } = await walk(trails, all, FEW + 1, (keys) => matching(ctx, filter, keys), MOST_FOR_FEW);
  return stoppedAt === null && rows.length <= FEW ? rows : null;
}

/** Attempts of some messages to an endpoint; `null` when they have more than is looked at, such as to many other endpoints. */
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
    .limit(MOST_LOOKED_AT + 1)
    .execute();
  return rows.length > MOST_LOOKED_AT
    ? null
    : rows.filter((row) => row.endpoint_id === endpointKey).map(({ id }) => id);
}

/** Those of some messages that a filter lets through. It is asked of the messages alone: a join costs more than many of these. */
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
 * Goes along the shortest of some trails until there are enough rows, or enough was looked at.
 *
 * @param fits Returns those of some keys whose rows are to be shown.
 * @returns Keys, at most `wanted`.
 */
export async function walk(
  trails: readonly Trail[],
  stretch: Stretch,
  wanted: number,
  fits: (keys: readonly number[]) => Promise<readonly number[]>,
  most = MOST_LOOKED_AT,
): Promise<Walked<number>> {
  const trail = trails.length === 1 ? trails[0]! : await shortest(trails, stretch);
  const found: number[] = [];
  let rest = stretch;
  for (let looked = 0; found.length < wanted;) {
    // The first step is enough where each row is to be shown.
    const step = Math.min(looked === 0 ? wanted : READ_AT_ONCE, most - looked);
    const keys = await trail(rest, step);
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

/** The rows with the keys that a walk found. */
export async function readFound<Row>(found: Walked<number>, read: ReadPart<Row>): Promise<Walked<Row>> {
  const { rows: keys, stoppedAt } = found;
  if (keys.length === 0) return { rows: [], stoppedAt };
  const rows = await read((column) => sql<SqlBool>`${sql.ref(column)} IN (${sql.join(keys)})`, keys.length);
  // Where one went meanwhile there may be more behind the last.
  return { rows, stoppedAt: stoppedAt ?? (rows.length < keys.length ? keys.at(-1)! : null) };
}

/** The first rows of a stretch, whatever has to be looked at for them. */
export async function readAll<Row>(
  { above, below }: Stretch,
  wanted: number,
  read: ReadPart<Row>,
): Promise<Walked<Row>> {
  const part: Part = (column) => {
    const key = sql.ref(column);
    const bounds = [sql`TRUE`, ...(above === null ? [] : [sql`${key} > ${above}`])];
    if (below !== null) bounds.push(sql`${key} < ${below}`);
    return sql<SqlBool>`(${sql.join(bounds, sql` AND `)})`;
  };
  return { rows: await read(part, wanted), stoppedAt: null };
}

/** That of the trails which has the fewest keys: known as far as anybody goes. What is rare is found at the first step. */
async function shortest(trails: readonly Trail[], stretch: Stretch): Promise<Trail> {
  const first = await fewestKeys(trails, stretch, FEW + 1);
  return trailOf(first.length <= FEW ? first : await fewestKeys(trails, stretch, MOST_LOOKED_AT));
}

async function fewestKeys(trails: readonly Trail[], stretch: Stretch, limit: number): Promise<readonly number[]> {
  const found = await Promise.all(trails.map((trail) => trail(stretch, limit)));
  return found.reduce((fewest, keys) => (keys.length < fewest.length ? keys : fewest));
}

function trailOf(keys: readonly number[]): Trail {
  return async ({ above, below, order }, limit) =>
    keys
      .filter((key) => (above === null || key > above) && (below === null || key < below))
      .sort((a, b) => (order === "asc" ? a - b : b - a))
      .slice(0, limit);
}

function labelTrail(ctx: Context, appKey: number, kind: LabelKind, name: string): Trail {
  return async (stretch, limit) => {
    const query = reader(ctx)
      .selectFrom("message_label")
      .select("message_id as key")
      .where("app_id", "=", appKey)
      .where("kind", "=", kind)
      .where("name", "=", name);
    return keysOf(within(query, "message_label.message_id", stretch, limit));
  };
}

/** One way into the index for each type, and the first of what they lead to. */
function typeTrail(ctx: Context, appKey: number, types: readonly string[]): Trail {
  return async (stretch, limit) => {
    const ofType = (type: string) => {
      const query = reader(ctx)
        .selectFrom("message")
        .select("message.id as key")
        .where("app_id", "=", appKey)
        .where("event_type", "=", type);
      return reader(ctx)
        .selectFrom(within(query, "message.id", stretch, limit).as("of_type"))
        .select("key");
    };
    const [first, ...others] = [...new Set(types)].map(ofType);
    if (first === undefined) return [];
    const all = others.reduce((query, other) => query.unionAll(other), first);
    return keysOf(all.orderBy("key", stretch.order).limit(limit));
  };
}

function within<Tables extends keyof Database>(
  query: SelectQueryBuilder<Database, Tables, { key: number }>,
  column: KeyColumn,
  { above, below, order }: Stretch,
  limit: number,
): SelectQueryBuilder<Database, Tables, { key: number }> {
  const key = sql.ref<number>(column);
  let stretch = query.orderBy(key, order).limit(limit);
  if (above !== null) stretch = stretch.where(key, ">", above);
  if (below !== null) stretch = stretch.where(key, "<", below);
  return stretch;
}

async function keysOf(query: { execute(): Promise<{ readonly key: number }[]> }): Promise<readonly number[]> {
  return (await query.execute()).map(({ key }) => key);
}
