/**
 * Searches messages of all applications or one, and counts their deliveries by state.
 *
 * The cost of a call is bounded for any query: it scans a range of the newest messages, or of those with a tag, a channel or an event type, and
 * a text search reads a limited number of bytes. Therefore a page can be short or empty without being the last.
 */
import { type ExpressionBuilder, sql, type SqlBool } from "kysely";
import { ValidationError } from "../../lib/errors.ts";
import { iteratorOfKey, timeOfKey } from "../../lib/id.ts";
import { isPostgres } from "../../store/portable-sql.ts";
import { APPLICATION_KIND, type ApplicationKind, type Database, DELIVERY_STATE } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type Context, type OutsideCall, type OutsideContext, reader } from "../context.ts";
import { isHeld } from "../delivery/held.ts";
import { idIterator } from "../paging.ts";
import { sourceIdOf } from "../source/source.ts";
import { keyRange, messageMatches } from "./filter.ts";
import { matching, messageKeySources, scanRangeOf, type KeySource, scan } from "./bounded-scan.ts";
import { type DeliveryCounts, deliveryCounts, NO_DELIVERIES } from "./delivery-counts.ts";
import { type Direction, DIRECTIONS, type Scope, scopeOf, type SearchMessages } from "./search-scope.ts";

const KINDS_OF: Readonly<Record<Direction, readonly ApplicationKind[]>> = {
  out: [APPLICATION_KIND.customer],
  in: [APPLICATION_KIND.source],
};

export interface FoundMessage {
  readonly id: string;
  readonly direction: Direction;
  /** Id of the application, or of the source that received the message. */
  readonly appId: string;
  readonly appUid: string | null;
  readonly appName: string;
  readonly eventId: string | null;
  readonly eventType: string;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  readonly contentType: string;
  /** `null` if the payload was deleted. */
  readonly payloadBytes: number | null;
  readonly timestamp: number;
  readonly deliveries: DeliveryCounts;
}

export interface FoundPage {
  readonly rows: readonly FoundMessage[];
  /** Iterator of the next page; `null` at the end. */
  readonly next: string | null;
}

/** Maximum number of messages scanned by one call. */
const MAX_SCANNED_PER_CALL = 5000;
/** Maximum number of payload bytes searched for a text by one call. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

export async function searchMessages({ ctx, input }: OutsideCall<SearchMessages>): Promise<FoundPage> {
  const scope = await scopeOf(ctx, input);
  const from = input.iterator === null ? null : keyOfIterator(input.iterator);
  if (scope.keys?.length === 0) return { rows: [], next: null };
  const sources = keySourcesOf(ctx, scope);
  if (sources.length > 0) return scanKeySources(ctx, scope, from, sources);
  // Messages with a known key are found regardless of their age.
  const end = scope.keys === null ? await endOfRange(ctx, scope, from) : undefined;
  const found = input.text === null ? await byColumns(ctx, scope, from, end) : await byText(ctx, scope, from, end);
  const rows = await withDeliveries(ctx, found.rows);
  return { rows, next: found.next ?? end?.public_id ?? null };
}

function keyOfIterator(iterator: string): number {
  const key = idIterator("msg_")(iterator);
  if (key !== null) return key;
  const msg = "This iterator is not valid for this list. Pass one from an earlier page.";
  throw new ValidationError([{ loc: ["query", "iterator"], msg, type: "value_error" }]);
}

/** Indexes for the filter, if any. Only within one application, and not for a text search, whose cost is reading payloads. */
function keySourcesOf(ctx: Context, { appKey, keys, text, ...filter }: Scope): readonly KeySource[] {
  return appKey === null || keys !== null || text !== null ? [] : messageKeySources(ctx, appKey, filter);
}

async function scanKeySources(
  ctx: OutsideContext,
  scope: Scope,
  from: number | null,
  sources: readonly KeySource[],
): Promise<FoundPage> {
  const range = scanRangeOf({ from, order: "desc", limit: scope.limit }, scope);
  const rows = new Map<number, Row>();
  const found = await scan(sources, range, scope.limit + 1, async (keys) => {
    const fitting = await matching(ctx, scope, keys);
    if (fitting.length === 0) return [];
    const read = await candidates(ctx, { ...scope, keys: fitting }, from, undefined).execute();
    for (const row of read) rows.set(row.id, row);
    return read.map(({ id }) => id);
  });
  const page = found.rows.slice(0, scope.limit).map((key) => rows.get(key)!);
  const next = found.rows.length > page.length ? page.at(-1)!.public_id : null;
  const resumeAt = found.stoppedAt === null ? null : iteratorOfKey("msg_", found.stoppedAt);
  return { rows: await withDeliveries(ctx, page), next: next ?? resumeAt };
}

function kindsOf({ direction }: SearchMessages): ApplicationKind[] {
  return DIRECTIONS.filter((one) => direction === null || direction === one).flatMap((one) => KINDS_OF[one]);
}

interface End {
  readonly id: number;
  readonly public_id: string;
}

/** The last message of the scanned range; `undefined` if there are fewer messages. */
function endOfRange(ctx: Context, scope: Scope, from: number | null): Promise<End | undefined> {
  let query = reader(ctx).selectFrom("message").select(["id", "public_id"]);
  if (scope.appKey !== null) query = query.where("app_id", "=", scope.appKey);
  const { above, below } = keyRange(scope);
  if (above !== null) query = query.where("id", ">", above);
  if (below !== null) query = query.where("id", "<", below);
  if (from !== null) query = query.where("id", "<", from);
  return query
    .orderBy("id", "desc")
    .limit(1)
    .offset(MAX_SCANNED_PER_CALL - 1)
    .executeTakeFirst();
}

function candidates(ctx: Context, scope: Scope, from: number | null, end: End | undefined) {
  let query = reader(ctx)
    .selectFrom("message")
    .innerJoin("application", "application.id", "message.app_id")
    .select(["message.id", "message.public_id", "event_id", "event_type", "channels_json", "tags_json", "content_type"])
    .select(["application.public_id as app_public_id", "application.uid as app_uid", "application.name as app_name"])
    .select("application.kind")
    .select(sql<number | null>`length(message.payload)`.as("payload_bytes"))
    .where("application.org_id", "=", ctx.actor.orgId)
    .where("application.kind", "in", kindsOf(scope))
    .where("application.deleted_at", "is", null)
    .where(messageMatches(scope))
    .orderBy("message.id", "desc");
  const { above, below } = keyRange(scope);
  const visible = visibleApplications(ctx.actor);
  if (scope.appKey !== null) query = query.where("message.app_id", "=", scope.appKey);
  else if (visible !== null) query = query.where("message.app_id", "in", visible);
  if (above !== null) query = query.where("message.id", ">", above);
  if (below !== null) query = query.where("message.id", "<", below);
  if (from !== null) query = query.where("message.id", "<", from);
  if (end !== undefined) query = query.where("message.id", ">=", end.id);
  if (scope.keys !== null) query = query.where("message.id", "in", scope.keys);
  else if (scope.id !== null) query = query.where("message.event_id", "=", scope.id);
  if (scope.state !== null || scope.endpointKey !== null) query = query.where((eb) => hasMatchingDelivery(eb, scope));
  return query;
}

/** Condition on the deliveries of a message, or on those of the requested endpoint. */
function hasMatchingDelivery(eb: ExpressionBuilder<Database, "message">, { state, endpointKey, holds }: Scope) {
  let withDelivery = eb
    .selectFrom("delivery")
    .select("delivery.endpoint_id")
    .whereRef("delivery.message_id", "=", "message.id");
  if (endpointKey !== null) withDelivery = withDelivery.where("delivery.endpoint_id", "=", endpointKey);
  if (state === null) return eb.exists(withDelivery);
  if (state === "unmatched") return eb.not(eb.exists(withDelivery));
  const isIn = (key: number) => eb.exists(withDelivery.where("delivery.state", "=", key));
  switch (state) {
    case "succeeded":
      return eb.and([
        isIn(DELIVERY_STATE.succeeded),
        eb.not(eb.exists(withDelivery.where("delivery.state", "!=", DELIVERY_STATE.succeeded))),
      ]);
    case "failed":
      return isIn(DELIVERY_STATE.failed);
    case "canceled":
      return isIn(DELIVERY_STATE.canceled);
    case "held":
      return eb.exists(withDelivery.where(isHeld(holds!)));
    case "retrying":
    case "pending": {
      const tried = state === "retrying" ? ">" : "=";
      const waits = withDelivery
        .where("delivery.state", "=", DELIVERY_STATE.pending)
        .where("delivery.attempts", tried, 0);
      return eb.exists(waits.where(eb.not(isHeld(holds!))));
    }
  }
}

type Row = Awaited<ReturnType<ReturnType<typeof candidates>["execute"]>>[number];

interface Found {
  readonly rows: readonly Row[];
  /** Where to continue within the range; `null` if the whole range was scanned. */
  readonly next: string | null;
}

async function byColumns(ctx: Context, scope: Scope, from: number | null, end: End | undefined): Promise<Found> {
  const rows = await candidates(ctx, scope, from, end)
    .limit(scope.limit + 1)
    .execute();
  const page = rows.slice(0, scope.limit);
  return { rows: page, next: rows.length > page.length ? page.at(-1)!.public_id : null };
}

/** The database compares the payloads: only the messages that contain the text leave it. */
async function byText(ctx: Context, scope: Scope, from: number | null, end: End | undefined): Promise<Found> {
  const last = await endOfPayloads(ctx, scope, from, end);
  const rows = await candidates(ctx, scope, from, last ?? end)
    .where(payloadContains(ctx, scope.text!))
    .limit(scope.limit + 1)
    .execute();
  const page = rows.slice(0, scope.limit);
  return { rows: page, next: rows.length > page.length ? page.at(-1)!.public_id : (last?.public_id ?? null) };
}

/** The candidate whose payload exceeds the limit of bytes; `undefined` if all can be searched. */
function endOfPayloads(ctx: Context, scope: Scope, from: number | null, end: End | undefined) {
  const sizes = candidates(ctx, scope, from, end)
    .clearSelect()
    .select(["message.id", "message.public_id"])
    .select(sql<number>`sum(length(message.payload)) OVER (ORDER BY message.id DESC)`.as("bytes"));
  return reader(ctx)
    .selectFrom(sizes.as("sizes"))
    .select(["id", "public_id"])
    .where("bytes", ">", MAX_TEXT_BYTES)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

function payloadContains(ctx: Context, text: string) {
  const bytes = Buffer.from(text);
  return isPostgres(reader(ctx))
    ? sql<SqlBool>`position(${bytes} IN message.payload) > 0`
    : sql<SqlBool>`instr(message.payload, ${bytes}) > 0`;
}

async function withDeliveries(ctx: OutsideContext, rows: readonly Row[]): Promise<readonly FoundMessage[]> {
  const counts = await deliveryCounts(
    ctx,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.public_id,
    ...(row.kind === APPLICATION_KIND.source
      ? { direction: "in", appId: sourceIdOf(row.app_public_id) }
      : { direction: "out", appId: row.app_public_id }),
    appUid: row.app_uid,
    appName: row.app_name,
    eventId: row.event_id,
    eventType: row.event_type,
    channels: row.channels_json === null ? null : (JSON.parse(row.channels_json) as string[]),
    tags: row.tags_json === null ? null : (JSON.parse(row.tags_json) as string[]),
    contentType: row.content_type,
    payloadBytes: row.payload_bytes,
    timestamp: timeOfKey(row.id),
    deliveries: counts.get(row.id) ?? NO_DELIVERIES,
  }));
}
