/**
 * Reads feeds. A page takes a bounded number of statements, each of which follows an index, however long the feed is and however many of
 * its messages a filter leaves out.
 */
import { type Kysely, sql } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import { type Database, DELIVERY_STATE } from "../../store/schema.ts";
import { type Message, messageColumns, type MessageRow, toMessage } from "../message/message.ts";
import { PAGE_WEIGHT, payloadBytes } from "../message/payloads.ts";
import { compare, type Feed, laterOf, type Position } from "./position.ts";

/** A message at its place in the feed. */
export interface FeedMessage {
  readonly position: Position;
  readonly message: Message;
}

export interface FeedFilter {
  /** `null`: all. */
  readonly eventTypes: ReadonlySet<string> | null;
  readonly channel: string | null;
}

export interface FeedPage {
  readonly messages: readonly FeedMessage[];
  /** Where the next page begins. */
  readonly end: Position;
  /** Whether there was nothing more to read. */
  readonly done: boolean;
}

export interface PageOptions {
  readonly from: Position;
  /** Exclusive end of the messages that may be read: see `Store.feedHorizon`. */
  readonly horizon: number;
  /** The page ends here at the latest; `null`: at the horizon. */
  readonly upTo?: Position | null;
  readonly limit: number;
  readonly filter: FeedFilter;
}

export const NO_FILTER: FeedFilter = { eventTypes: null, channel: null };

/** Rows examined by one statement for a filter. */
const SCAN_AT_ONCE = 500;
/** Statements of a page whose filter leaves out most messages. The page may then be short, or empty, and not be the last. */
const MAX_SCANS = 4;

/** Throws `cursor_expired` if messages after this place may have been deleted unread. */
export async function checkRetained(db: Kysely<Database>, { appKey }: Feed, position: Position): Promise<void> {
  if (position.key >= (await retainedFrom(db, appKey))) return;
  throw new PosthornError(
    "cursor_expired",
    "Messages after this position have been deleted because their retention period ended. Start again at the oldest stored message or at the end (`starting_position`: `earliest` or `latest`). A named consumer continues after a reset.",
  );
}

/** The place before the oldest message that is still stored. */
export async function earliest(db: Kysely<Database>, { appKey }: Feed): Promise<Position> {
  return { key: await retainedFrom(db, appKey), late: 0 };
}

/** Key up to which retention has deleted messages of the application, by the server's periods or its own. */
async function retainedFrom(db: Kysely<Database>, appKey: number): Promise<number> {
  const row = await db
    .selectFrom("sweep")
    .select((eb) => eb.fn.max("cursor").as("cursor"))
    .where("name", "in", ["message", "message-day"])
    .executeTakeFirst();
  const own = await db
    .selectFrom("application_retention")
    .select("message_cursor")
    .where("app_id", "=", appKey)
    .executeTakeFirst();
  return Math.max(row?.cursor ?? 0, own?.message_cursor ?? 0);
}

/** Reads a page, without payloads. */
export async function readPage(db: Kysely<Database>, feed: Feed, options: PageOptions): Promise<FeedPage> {
  const { limit, filter, horizon, upTo = null } = options;
  const messages: FeedMessage[] = [];
  let weight = 0;
  let from = options.from;
  const isFiltered = filter.eventTypes !== null || filter.channel !== null;
  for (let scans = 1; ; scans++) {
    const { places, end, done } = await readPlaces(db, feed, {
      from,
      horizon,
      upTo,
      limit: isFiltered ? Math.max(SCAN_AT_ONCE, limit) : limit - messages.length,
    });
    const rows = await rowsOf(db, places);
    for (const [index, { position, isShown, id }] of places.entries()) {
      const row = rows.get(id);
      if (!isShown || row === undefined || !fits(row, filter)) continue;
      weight += PAGE_WEIGHT.weigh(row);
      if (messages.length === limit || (weight > PAGE_WEIGHT.max && messages.length > 0)) {
        return { messages, end: index === 0 ? from : places[index - 1]!.position, done: false };
      }
      messages.push({ position, message: toMessage(row) });
    }
    from = end;
    if (done || messages.length >= limit || scans === MAX_SCANS) return { messages, end, done };
  }
}

/** The payloads of a page. */
export async function withPayloads(
  db: Kysely<Database>,
  messages: readonly FeedMessage[],
): Promise<readonly FeedMessage[]> {
  if (messages.length === 0) return messages;
  const keys = messages.map(({ message }) => message.key);
  const rows = await db.selectFrom("message").select(["id", "payload"]).where("id", "in", keys).execute();
  const payloads = new Map(rows.map((row) => [row.id, row.payload]));
  return messages.map(({ position, message }) => ({
    position,
    message: { ...message, payload: payloads.get(message.key) ?? null },
  }));
}

/** The place of a message; `null`: it is not in the feed, or no longer. */
export async function placeOfMessage(db: Kysely<Database>, feed: Feed, key: number): Promise<Position | null> {
  const late = await db
    .selectFrom("feed_late")
    .select("after_key")
    .where("message_id", "=", key)
    .where("app_id", "=", feed.appKey)
    .executeTakeFirst();
  if (late !== undefined) return { key: late.after_key, late: key };
  const message = await db.selectFrom("message").select("app_id").where("id", "=", key).executeTakeFirst();
  return message?.app_id === feed.appKey ? { key, late: 0 } : null;
}

/** Messages after a place, counted up to `max`. */
export async function countAfter(
  db: Kysely<Database>,
  feed: Feed,
  { from, horizon, max }: { readonly from: Position; readonly horizon: number; readonly max: number },
): Promise<{ readonly count: number; readonly first: number | null }> {
  const { places } = await readPlaces(db, feed, { from, horizon, upTo: null, limit: max });
  const shown = places.filter(({ isShown }) => isShown);
  return { count: shown.length, first: shown[0]?.id ?? null };
}

interface Place {
  readonly position: Position;
  /** Key of the message. */
  readonly id: number;
  /** Whether it belongs to the feed. */
  readonly isShown: boolean;
}

interface Places {
  readonly places: readonly Place[];
  readonly end: Position;
  readonly done: boolean;
}

async function readPlaces(
  db: Kysely<Database>,
  feed: Feed,
  { from, horizon, upTo, limit }: Pick<PageOptions, "from" | "horizon" | "limit"> & { readonly upTo: Position | null },
): Promise<Places> {
  const [inOrder, late] = await Promise.all([
    keysInOrder(db, feed, from, horizon, limit),
    lateKeys(db, feed, from, horizon, limit),
  ]);
  const ends = [inOrder, late].filter((found) => found.length === limit).map((found) => found.at(-1)!.position);
  if (upTo !== null) ends.push(upTo);
  const bound = ends.length === 0 ? null : ends.reduce((a, b) => (compare(a, b) < 0 ? a : b));
  const places = [...inOrder, ...late]
    .sort((a, b) => compare(a.position, b.position))
    .filter(({ position }) => bound === null || compare(position, bound) <= 0)
    .slice(0, limit);
  const last = places.at(-1)?.position ?? null;
  if (places.length === limit && last !== null) return { places, end: last, done: false };
  const end = upTo ?? { key: horizon, late: 0 };
  return bound === null || bound === upTo
    ? { places, end: laterOf(from, end), done: true }
    : { places, end: bound, done: false };
}

/** Messages at their own keys. Excludes late messages. */
async function keysInOrder(
  db: Kysely<Database>,
  feed: Feed,
  from: Position,
  horizon: number,
  limit: number,
): Promise<readonly Place[]> {
  const rows = await keysOf(db, feed, { above: from.key, upTo: horizon, limit });
  if (rows.length === 0) return [];
  // An anti-join could make the planner read all late messages.
  const late = await db
    .selectFrom("feed_late")
    .select("message_id")
    .where(
      "message_id",
      "in",
      rows.map(({ id }) => id),
    )
    .execute();
  const elsewhere = new Set(late.map(({ message_id }) => message_id));
  return rows.map(({ id, state }) => ({
    id,
    position: { key: id, late: 0 },
    isShown: state !== DELIVERY_STATE.canceled && !elsewhere.has(id),
  }));
}

function keysOf(
  db: Kysely<Database>,
  { appKey, endpointKey }: Feed,
  { above, upTo, limit }: { readonly above: number; readonly upTo: number; readonly limit: number },
): Promise<readonly { readonly id: number; readonly state: number | null }[]> {
  if (endpointKey === 0) {
    return db
      .selectFrom("message")
      .select(["id", sql<null>`NULL`.as("state")])
      .where("app_id", "=", appKey)
      .where("id", ">", above)
      .where("id", "<=", upTo)
      .orderBy("id")
      .limit(limit)
      .execute();
  }
  return db
    .selectFrom("delivery")
    .select(["message_id as id", "state"])
    .where("endpoint_id", "=", endpointKey)
    .where("message_id", ">", above)
    .where("message_id", "<=", upTo)
    .orderBy("message_id")
    .limit(limit)
    .execute();
}

/** Late messages of the application; those of other endpoints are not shown. */
async function lateKeys(
  db: Kysely<Database>,
  { appKey, endpointKey }: Feed,
  from: Position,
  horizon: number,
  limit: number,
): Promise<readonly Place[]> {
  const rows = await db
    .selectFrom("feed_late")
    .select(["after_key as key", "message_id as id"])
    .where("app_id", "=", appKey)
    .where(sql<boolean>`(after_key, message_id) > (${from.key}, ${from.late})`)
    .where("after_key", "<", horizon)
    .orderBy("after_key")
    .orderBy("message_id")
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const shown =
    endpointKey === 0
      ? null
      : await deliveredTo(
          db,
          endpointKey,
          rows.map(({ id }) => id),
        );
  return rows.map(({ key, id }) => ({ id, position: { key, late: id }, isShown: shown === null || shown.has(id) }));
}

async function deliveredTo(
  db: Kysely<Database>,
  endpointKey: number,
  messages: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await db
    .selectFrom("delivery")
    .select("message_id")
    .where("endpoint_id", "=", endpointKey)
    .where("message_id", "in", messages)
    .where("state", "<>", DELIVERY_STATE.canceled)
    .execute();
  return new Set(rows.map(({ message_id }) => message_id));
}

type Row = MessageRow & { readonly payload_bytes: number | null };

async function rowsOf(db: Kysely<Database>, places: readonly Place[]): Promise<ReadonlyMap<number, Row>> {
  const ids = places.filter(({ isShown }) => isShown).map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom("message")
    .select([...messageColumns(false), payloadBytes(true)])
    .where("message.id", "in", ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

function fits({ event_type, channels_json }: Row, { eventTypes, channel }: FeedFilter): boolean {
  if (eventTypes !== null && !eventTypes.has(event_type)) return false;
  return channel === null || (channels_json !== null && (JSON.parse(channels_json) as string[]).includes(channel));
}
