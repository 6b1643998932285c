/**
 * Lists the endpoints of all applications and sources. A page scans a limited number of endpoints, first a few and then up to the limit,
 * so that a page without filters costs no more in a large organisation than in a small one. See decision 158.
 */
import { timingSafeEqual } from "node:crypto";
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import { APPLICATION_KIND, type Database } from "../../store/schema.ts";
import { visibleApplications } from "../access.ts";
import { type OutsideCall, type OutsideContext, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, type Slice, readScanned } from "../paging.ts";
import { sourceIdOf } from "../source/source.ts";
import { type EndpointFigures, figuresOf } from "./figures.ts";

/** `created`: newest first. `url`: by the first 256 characters of the URL. */
export const ENDPOINT_SORTS = ["created", "url"] as const;
export type EndpointSort = (typeof ENDPOINT_SORTS)[number];

/** States that are stored with an endpoint. */
export const STORED_STATES = ["enabled", "paused", "disabled"] as const;
export type StoredState = (typeof STORED_STATES)[number];

/** `failing`: without a success since its last failure. `healthy`: all others. */
export const HEALTH_FILTERS = ["failing", "healthy"] as const;
export type HealthFilter = (typeof HEALTH_FILTERS)[number];

export interface ListAllEndpoints extends PageRequest {
  readonly sort: EndpointSort;
  /** Reverses the sort. */
  readonly reverse: boolean;
  readonly state: StoredState | null;
  /** Name of a destination kind. */
  readonly kind: string | null;
  /** Host of the URL, or a domain that it is part of. */
  readonly host: string | null;
  readonly health: HealthFilter | null;
  /** Part of the URL, description, uid or ID, in any case. */
  readonly search: string | null;
}

export interface ListedEndpoint extends EndpointFigures {
  readonly id: string;
  readonly uid: string | null;
  readonly url: string;
  readonly description: string;
  readonly kind: string;
  /** Application or source. */
  readonly appId: string;
  readonly appName: string;
  readonly createdAt: number;
}

/** Endpoints scanned for a page: first a few, because most pages without filters are complete with these. */
const WINDOWS = [2_000, 248_000] as const;
/** Bounds the size of index entries, which PostgreSQL limits. Indexed by `endpoint_by_url`. */
const URL_START = sql<string>`substr(endpoint.url, 1, 256)`;

/** A place in the list. */
interface Place {
  readonly id: number;
  /** Only for the sort by URL. */
  readonly url: string;
}

export async function listAllEndpoints({ ctx, input }: OutsideCall<ListAllEndpoints>): Promise<Page<ListedEndpoint>> {
  const isDescending = (input.sort === "created") !== input.reverse;
  const order = { order: isDescending ? "desc" : "asc", keyOf: idIterator("ep_") } as const;
  const { iterator, isOurs } = readIterator(ctx, input.iterator);
  const page = await readScanned({ ...input, iterator }, { ...order, prefix: "ep_" }, async (slice) => {
    let from = slice.from === null ? null : await placeOf(ctx, slice.from, input.sort, isOurs);
    const rows: EndpointRow[] = [];
    for (const size of WINDOWS) {
      const end = await windowEnd(ctx, { input, slice, from, size });
      rows.push(...(await rowsWithin(ctx, { input, slice, from, end, limit: slice.limit - rows.length })));
      if (rows.length === slice.limit || end === null) return { rows, stoppedAt: null };
      from = end;
    }
    return { rows, stoppedAt: from!.id };
  });
  const figures = await figuresOf(
    ctx,
    page.rows.map(({ key }) => key),
  );
  const rows = page.rows.map(({ key, appKind, appId, ...row }) => ({
    ...row,
    appId: appKind === APPLICATION_KIND.source ? sourceIdOf(appId) : appId,
    ...figures.get(key)!,
  }));
  return { ...page, rows, ...(page.next === undefined ? {} : { next: scanIterator(ctx, page.next) }) };
}

const PURPOSE = "endpoint-list";

/**
 * An iterator with a proof that this server created it for the organisation. A scan can stop at an endpoint of another organisation. Without
 * the proof, callers could name such an endpoint, and infer its URL from which of their own endpoints come after it.
 */
export function scanIterator({ services, actor }: OutsideContext, iterator: string): string {
  return `${iterator}.${services.tokens.proof(PURPOSE, `${actor.orgId} ${iterator.replace(/^-/, "")}`)}`;
}

/** `isOurs`: it has a valid proof. An iterator with an invalid proof is returned whole, so that it is refused. */
function readIterator(
  ctx: OutsideContext,
  given: string | null,
): { readonly iterator: string | null; readonly isOurs: boolean } {
  const iterator = given?.split(".")[0] ?? null;
  if (given === null || iterator === null || iterator === given) return { iterator: given, isOurs: false };
  const expected = Buffer.from(scanIterator(ctx, iterator));
  const actual = Buffer.from(given);
  const isOurs = expected.length === actual.length && timingSafeEqual(expected, actual);
  return { iterator: isOurs ? iterator : given, isOurs };
}

/**
 * The place of an endpoint, which may have been deleted since. An endpoint that is gone, or that the caller does not see, sorts before all
 * URLs.
 */
async function placeOf(ctx: OutsideContext, id: number, sort: EndpointSort, isOurs: boolean): Promise<Place> {
  if (sort === "created") return { id, url: "" };
  const visible = visibleApplications(ctx.actor);
  const row = await reader(ctx)
    .selectFrom("endpoint")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select(URL_START.as("url"))
    .where("endpoint.id", "=", id)
    .$if(!isOurs, (query) => query.where("application.org_id", "=", ctx.actor.orgId))
    .$if(!isOurs && visible !== null, (query) => query.where("endpoint.app_id", "in", visible!))
    .executeTakeFirst();
  return { id, url: row?.url ?? "" };
}

interface Window {
  readonly input: ListAllEndpoints;
  readonly slice: Slice<number>;
  readonly from: Place | null;
}

/** The last endpoint of a window; `null`: the list ends within it. */
async function windowEnd(
  ctx: OutsideContext,
  { input, slice, from, size }: Window & { readonly size: number },
): Promise<Place | null> {
  const query = reader(ctx)
    .selectFrom("endpoint")
    .select(["id", input.sort === "url" ? URL_START.as("url") : sql<string>`''`.as("url")])
    .$if(input.sort === "url", (sorted) => sorted.where("deleted_at", "is", null).orderBy(URL_START, slice.order))
    .orderBy("id", slice.order)
    .limit(1)
    .offset(size - 1);
  const row = await (
    from === null ? query : query.where((eb) => past(eb, input.sort, slice.order, from))
  ).executeTakeFirst();
  return row ?? null;
}

type EndpointRow = Awaited<ReturnType<typeof rowsWithin>>[number];

async function rowsWithin(
  ctx: OutsideContext,
  { input, slice, from, end, limit }: Window & { readonly end: Place | null; readonly limit: number },
) {
  const visible = visibleApplications(ctx.actor);
  return (
    reader(ctx)
      .selectFrom("endpoint")
      .innerJoin("application", "application.id", "endpoint.app_id")
      .select([
        "endpoint.id as key",
        "endpoint.public_id as id",
        "endpoint.uid",
        "endpoint.url",
        "endpoint.description",
      ])
      .select(["endpoint.kind", "endpoint.created_at as createdAt"])
      .select(["application.public_id as appId", "application.name as appName", "application.kind as appKind"])
      // As an expression: SQLite would otherwise read the endpoints of each application of the organisation and sort all of them.
      .where(sql<number>`application.org_id + 0`, "=", ctx.actor.orgId)
      .where("application.deleted_at", "is", null)
      .where("application.kind", "<>", APPLICATION_KIND.operational)
      .where("endpoint.deleted_at", "is", null)
      .where("endpoint.replay_task_id", "is", null)
      .$if(visible !== null, (own) => own.where("endpoint.app_id", "in", visible!))
      .where((eb) => eb.and(conditionsOf(eb, input, ctx.services.now())))
      .$if(from !== null, (query) => query.where((eb) => past(eb, input.sort, slice.order, from!)))
      .$if(end !== null, (query) => query.where((eb) => upTo(eb, input.sort, slice.order, end!)))
      .$if(input.sort === "url", (query) => query.orderBy(URL_START, slice.order))
      .orderBy("endpoint.id", slice.order)
      .limit(limit)
      .execute()
  );
}

type Tables = ExpressionBuilder<Database, "endpoint">;

function past(eb: Tables, sort: EndpointSort, order: "asc" | "desc", place: Place): Expression<SqlBool> {
  return compared(eb, sort, comparison(order), place);
}

function upTo(eb: Tables, sort: EndpointSort, order: "asc" | "desc", place: Place): Expression<SqlBool> {
  return compared(eb, sort, order === "asc" ? "<=" : ">=", place);
}

function compared(
  eb: Tables,
  sort: EndpointSort,
  operator: "<" | ">" | "<=" | ">=",
  { id, url }: Place,
): Expression<SqlBool> {
  if (sort === "created") return eb("endpoint.id", operator, id);
  return sql<SqlBool>`(${URL_START}, endpoint.id) ${sql.raw(operator)} (${url}, ${id})`;
}

/** The host of a URL with its port, between a dot and a colon. */
const HOST = sql`'.' || substr(substr(endpoint.url, instr(endpoint.url, '://') + 3), 1,
  instr(substr(endpoint.url, instr(endpoint.url, '://') + 3) || '/', '/') - 1) || ':'`;
const TEXTS = sql`lower(endpoint.url || ' ' || endpoint.description || ' ' || coalesce(endpoint.uid, '') || ' ' || endpoint.public_id)`;
/** End of a pause in `flow_json`, to which it is the first value. Times have 13 digits until 2286, and can be compared as texts. */
const PAUSED_UNTIL = sql<string>`substr(coalesce(endpoint.flow_json, ''), ${sql.lit('{"pausedUntil":'.length + 1)}, 13)`;

function conditionsOf(
  eb: Tables,
  { state, kind, host, health, search }: ListAllEndpoints,
  now: number,
): readonly Expression<SqlBool>[] {
  const isPaused = sql<SqlBool>`(${PAUSED_UNTIL} > ${String(now)} AND substr(${PAUSED_UNTIL}, 1, 1) <> 'n')`;
  const fails = eb.exists(
    eb
      .selectFrom("endpoint_failure")
      .select("endpoint_failure.endpoint_id")
      .whereRef("endpoint_failure.endpoint_id", "=", "endpoint.id"),
  );
  return [
    ...(state === "disabled" ? [eb("endpoint.disabled", "=", 1)] : []),
    ...(state === "enabled" ? [eb("endpoint.disabled", "=", 0), eb.not(isPaused)] : []),
    ...(state === "paused" ? [eb("endpoint.disabled", "=", 0), isPaused] : []),
    ...(kind === null ? [] : [eb("endpoint.kind", "=", kind)]),
    ...(host === null ? [] : [sql<SqlBool>`instr(${HOST}, lower(cast(${`.${host}:`} as text))) > 0`]),
    ...(health === "failing" ? [fails] : health === "healthy" ? [eb.not(fails)] : []),
    ...(search === null ? [] : [sql<SqlBool>`instr(${TEXTS}, lower(cast(${search} as text))) > 0`]),
  ];
}
