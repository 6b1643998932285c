/** Finds stored messages with the value. */
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { nextRound } from "../../lib/time-slice.ts";
import { isPostgres } from "../../store/portable-sql.ts";
import { EXPUNGED } from "../../store/hot-columns.ts";
import type { Services } from "../context.ts";
import { openBody } from "../redaction/exact-body.ts";
import { eraseMessages, type FoundMessage } from "./erase-messages.ts";
import { NOTHING_LEFT, type Planned, type PlacePosition, type Search } from "./place.ts";
import type { Subject, WatchScope } from "./subject.ts";

/** Messages of a step, and bytes of bodies that are parsed in it. */
const PAGE = 400;
const PAGE_BYTES = 1024 * 1024;
/** Messages that one transaction erases. Few, because payloads can be large and freeing their pages takes time. */
const CHUNK = 50;

interface Row extends FoundMessage {
  readonly content_type: string;
  readonly ordering_key: string | null;
  /** Size of the exact body, if the payload was redacted. */
  readonly exact_bytes: number | null;
  /** Whether the body or request can contain the value: 0 or 1. */
  readonly candidate: number;
}

export async function messagePlace(services: Services, search: Search, after: PlacePosition | null): Promise<Planned> {
  const scope = await scopeOf(services, search);
  const rows = await readRows(services, search, scope, Number(after ?? 0));
  const page = withinBudget(rows);
  const last = page.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const { found, unreadable, upTo } = await match(services, search, scope, page);
  const next = upTo === rows.at(-1)!.id && rows.length < PAGE ? null : upTo;
  const counts = { scanned: page.filter(({ id }) => id <= upTo).length, unreadable };
  if (found.length === 0) return { next, counts };
  if (search.isDryRun) return { next, counts: { ...counts, ...(await countOf(services, found)) } };
  return { next, counts, erase: (tx) => eraseMessages(services, tx, search, found) };
}

interface Scope extends WatchScope {
  /** Applications besides that of the search, to which its watches send events. */
  readonly targets: readonly number[];
}

/** The watches whose events can contain messages of the search: also those that watch the events of others. */
async function scopeOf({ store }: Services, { orgId, appKey, eventTypes }: Search): Promise<Scope> {
  const rows = await store.db
    .selectFrom("watch")
    .select(["public_id", "app_id", "target_id"])
    .where("org_id", "=", orgId)
    .execute();
  if (appKey === null) return { watches: new Set(rows.map((row) => row.public_id)), eventTypes, targets: [] };
  const apps = new Set([appKey]);
  for (let size = 0; size !== apps.size;) {
    size = apps.size;
    for (const row of rows) if (apps.has(row.app_id)) apps.add(row.target_id);
  }
  const watches = new Set(rows.filter((row) => apps.has(row.app_id)).map((row) => row.public_id));
  apps.delete(appKey);
  return { watches, eventTypes, targets: [...apps] };
}

async function readRows(
  { store }: Services,
  { orgId, appKey, subject }: Search,
  { targets }: Scope,
  after: number,
): Promise<readonly Row[]> {
  return (
    store.db
      .selectFrom("message")
      .select((eb) => [
        "id",
        "app_id",
        "event_type",
        "event_id",
        "channels_json",
        "tags_json",
        "ordering_key",
        "content_type",
        "exact_bytes",
        eb.fn<number | null>("octet_length", ["payload"]).as("bytes"),
        candidate(isPostgres(store.db), subject).as("candidate"),
      ])
      .where("id", ">", after)
      .$if(appKey !== null && targets.length === 0, (query) => query.where("app_id", "=", appKey!))
      // With a `+`, the rows are read in the order of the primary key and not by application.
      .$if(appKey !== null && targets.length > 0, (query) =>
        query.where(sql<SqlBool>`+app_id IN (${sql.join([appKey!, ...targets])})`),
      )
      .$if(appKey === null, (query) =>
        query.where(sql<SqlBool>`+app_id IN (SELECT id FROM application WHERE org_id = ${orgId})`),
      )
      .orderBy("id")
      .limit(PAGE)
      .execute()
  );
}

/**
 * Whether a message has to be read. A payload can contain the value as it is, or with escapes, which begin with a backslash; in a form it can
 * be encoded, and numbers have several forms.
 */
function candidate(isOnPostgres: boolean, subject: Subject): RawBuilder<number> {
  const bytes = (text: string): RawBuilder<SqlBool> =>
    isOnPostgres ? sql`position(${Buffer.from(text)} IN payload) > 0` : sql`instr(payload, ${Buffer.from(text)}) > 0`;
  const body = subject.isNumeric
    ? sql`TRUE`
    : sql`${bytes(subject.jsonForm)} OR ${bytes("\\")} OR content_type LIKE '%form-urlencoded%'`;
  const request = sql`request_json IS NOT NULL AND (instr(request_json, ${subject.value}) > 0
    OR instr(request_json, ${encodeURIComponent(subject.value)}) > 0 OR instr(request_json, '\\') > 0)`;
  return sql<number>`CASE WHEN payload IS NOT NULL AND (exact_bytes IS NOT NULL OR (${body}) OR (${request})) THEN 1 ELSE 0 END`;
}

function withinBudget(rows: readonly Row[]): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.candidate === 1 ? (row.exact_bytes ?? row.bytes ?? 0) : 0;
    return bytes > PAGE_BYTES && index > 0;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

interface Matched {
  readonly found: readonly Row[];
  readonly unreadable: number;
  /** Key of the last message that was examined. */
  readonly upTo: number;
}

async function match(services: Services, search: Search, scope: Scope, page: readonly Row[]): Promise<Matched> {
  const contents = await readContents(services, page);
  const answered = await answeredWith(services, search, page);
  const found: Row[] = [];
  let unreadable = 0;
  for (const row of page) {
    const content = contents.get(row.id);
    const result =
      content === undefined ? matchWithoutPayload(search, row, answered) : matchContent(search, scope, row, content);
    if (result === "unreadable") unreadable++;
    if (result === "path" || result === "text") found.push(row);
    if (found.length === CHUNK) return { found, unreadable, upTo: row.id };
    if (content !== undefined && content.payload.byteLength > 65_536) await nextRound();
  }
  return { found, unreadable, upTo: page.at(-1)!.id };
}

type Result = ReturnType<Subject["matchBody"]>;

interface Content {
  readonly payload: Uint8Array;
  readonly request_json: string | null;
}

function matchContent({ appKey, eventTypes, subject }: Search, scope: Scope, row: Row, content: Content): Result {
  const { payload, request_json: request } = content;
  if (scope.watches.size > 0 && subject.matchWatchEvent(payload, scope)) return "path";
  const isInScope =
    (appKey === null || row.app_id === appKey) && (eventTypes === null || eventTypes.has(row.event_type));
  if (!isInScope) return "none";
  const result = subject.matchBody(payload, row.content_type);
  return result === "unreadable" && request !== null && subject.occursIn(request) ? "text" : result;
}

/** If the payload of a message has expired, its names and the responses to it can remain. */
function matchWithoutPayload({ appKey, eventTypes, subject }: Search, row: Row, answered: ReadonlySet<number>): Result {
  if (row.bytes !== null || (appKey !== null && row.app_id !== appKey)) return "none";
  if (eventTypes !== null && !eventTypes.has(row.event_type)) return "none";
  const lists = [row.channels_json, row.tags_json].map((json) => (json === null ? [] : (JSON.parse(json) as string[])));
  const names = [row.ordering_key, row.event_id, row.event_type, ...lists.flat()];
  return answered.has(row.id) || names.some((name) => subject.equals(name)) ? "text" : "none";
}

/** Payloads, and for redacted messages the exact bodies, as long as they exist. */
async function readContents(
  { store, secretBox }: Services,
  page: readonly Row[],
): Promise<ReadonlyMap<number, Content>> {
  const keys = page.filter((row) => row.candidate === 1).map(({ id }) => id);
  if (keys.length === 0) return new Map();
  const rows = await store.db
    .selectFrom("message")
    .select(["id", "payload", "request_json"])
    .where("id", "in", keys)
    .execute();
  const exact = await store.db
    .selectFrom("exact_body")
    .select(["message_id", "body_sealed"])
    .where("message_id", "in", keys)
    .execute();
  const bodies = new Map(
    exact.map((row) => [row.message_id, openBody(secretBox, row.message_id, row.body_sealed).body]),
  );
  return new Map(
    rows.flatMap(({ id, payload, request_json }) =>
      payload === null ? [] : [[id, { payload: bodies.get(id) ?? payload, request_json }]],
    ),
  );
}

/** Messages without a payload that have an attempt which contains the value. */
async function answeredWith(
  { store }: Services,
  { subject }: Search,
  page: readonly Row[],
): Promise<ReadonlySet<number>> {
  const keys = page.filter((row) => row.bytes === null).map(({ id }) => id);
  if (keys.length === 0 || !subject.isText) return new Set();
  const texts = [...new Set([subject.value, subject.jsonForm])].flatMap((text) => [
    sql<SqlBool>`instr(response, ${text}) > 0`,
    sql<SqlBool>`instr(detail_json, ${text}) > 0`,
  ]);
  const rows = await store.db
    .selectFrom("attempt")
    .select("message_id")
    .distinct()
    .where("message_id", "in", keys)
    .where("response", "<>", EXPUNGED)
    .where((eb) => eb.or(texts))
    .execute();
  return new Set(rows.map(({ message_id }) => message_id));
}

async function countOf({ store }: Services, found: readonly Row[]): Promise<Planned["counts"]> {
  const keys = found.map(({ id }) => id);
  const count = (table: "attempt" | "delivery" | "share_link") =>
    store.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as("rows"))
      .where("message_id", "in", keys);
  const [attempts, deliveries, links] = await Promise.all([
    count("attempt").executeTakeFirstOrThrow(),
    count("delivery")
      .where("due" as never, "is not", null as never)
      .executeTakeFirstOrThrow(),
    count("share_link")
      .where("revoked_at" as never, "is", null as never)
      .executeTakeFirstOrThrow(),
  ]);
  return { messages: keys.length, attempts: attempts.rows, deliveries: deliveries.rows, shareLinks: links.rows };
}
