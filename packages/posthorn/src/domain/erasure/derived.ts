/** Finds the value in quarantined requests, and in data derived from messages. */
import { sql, type SqlBool } from "kysely";
import { readSealed, replaceSealed, type SealedPosition, type SealedValue } from "../../store/sealed-values.ts";
import type { Services } from "../context.ts";
import { exactBodyOf } from "../quarantine/find.ts";
import type { Tx } from "../../store/tx.ts";
import { isTypeOf } from "./erase-messages.ts";
import { NOTHING_LEFT, type Planned, type PlacePosition, type Search } from "./place.ts";
import type { Subject } from "./subject.ts";

const PAGE = 100;

/** Replaces texts in stored responses. */
const REPLACED = "EXPUNGED";

export async function quarantinePlace(
  services: Services,
  search: Search,
  after: PlacePosition | null,
): Promise<Planned> {
  const { subject } = search;
  const rows = await services.store.db
    .selectFrom("quarantine")
    .select(["id", "body", "body_sealed", "content_type", "request_json", "detail"])
    .where("id", ">", Number(after ?? 0))
    .where(inSources(search, "quarantine.source_id"))
    .orderBy("id")
    .limit(PAGE)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const keys = rows
    .filter((row) => {
      const { content_type: type, request_json: request, detail } = row;
      const body = exactBodyOf(services, row);
      const result = body === null ? "unreadable" : subject.matchBody(body, type);
      if (result === "path" || result === "text") return true;
      return result === "unreadable" && (subject.occursIn(request) || subject.occursIn(detail));
    })
    .map(({ id }) => id);
  const next = rows.length < PAGE ? null : last.id;
  if (keys.length === 0) return { next, counts: {} };
  if (search.isDryRun) return { next, counts: { quarantined: keys.length } };
  return {
    next,
    counts: {},
    erase: async ({ db }) => {
      const { numDeletedRows } = await db.deleteFrom("quarantine").where("id", "in", keys).executeTakeFirstOrThrow();
      return { quarantined: Number(numDeletedRows) };
    },
  };
}

function inSources({ appKey, orgId }: Search, column: string) {
  const source = sql.ref(column);
  return appKey === null
    ? sql<SqlBool>`+${source} IN (SELECT id FROM source WHERE org_id = ${orgId})`
    : sql<SqlBool>`+${source} = ${appKey}`;
}

/** Debounce and throttle state of keys with the value. */
export async function flowStatePlace(services: Services, search: Search): Promise<Planned> {
  const { appKey, orgId, subject } = search;
  const rows = await services.store.db
    .selectFrom("flow_state")
    .select(["endpoint_id", "key"])
    .where((eb) =>
      eb.or([
        eb("key", "in", [`d${subject.value}`, `t${subject.value}`]),
        ...(subject.isText ? [sql<SqlBool>`instr(key, ${subject.value}) > 0`] : []),
      ]),
    )
    .where(
      sql<SqlBool>`+endpoint_id IN (SELECT e.id FROM endpoint e JOIN application a ON a.id = e.app_id
        WHERE a.org_id = ${orgId} ${appKey === null ? sql`` : sql`AND a.id = ${appKey}`})`,
    )
    .limit(PAGE)
    .execute();
  if (rows.length === 0) return NOTHING_LEFT;
  // The rows are deleted, so the next step finds the others from the beginning.
  const next = rows.length < PAGE || search.isDryRun ? null : 0;
  if (search.isDryRun) return { next, counts: { other: rows.length } };
  return {
    next,
    counts: {},
    erase: async ({ db }) => {
      for (const { endpoint_id, key } of rows) {
        await db.deleteFrom("flow_state").where("endpoint_id", "=", endpoint_id).where("key", "=", key).execute();
      }
      return { other: rows.length };
    },
  };
}

/** Inferred schemas whose event type or property names are the value. They are inferred again from later traffic. */
export async function cataloguePlace(
  services: Services,
  search: Search,
  after: PlacePosition | null,
): Promise<Planned> {
  const { subject } = search;
  const [source, type] = (after ?? [0, ""]) as readonly [number, string];
  const rows = await services.store.db
    .selectFrom("catalogue_entry")
    .select(["source_id", "event_type", "known_json", "recent_json", "changes_json"])
    .where(sql<SqlBool>`(source_id, event_type) > (${source}, ${type})`)
    .where(inSources(search, "catalogue_entry.source_id"))
    .orderBy("source_id")
    .orderBy("event_type")
    .limit(PAGE)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const found = rows.filter(
    ({ event_type, known_json, recent_json, changes_json }) =>
      isTypeOf(subject, event_type) ||
      [known_json, recent_json, changes_json].some((json) => json !== null && subject.occursIn(json)),
  );
  const next = rows.length < PAGE ? null : [last.source_id, last.event_type];
  if (found.length === 0) return { next, counts: {} };
  if (search.isDryRun) return { next, counts: { other: found.length } };
  return {
    next,
    counts: {},
    erase: async ({ db }) => {
      for (const { source_id, event_type } of found) {
        const entry = db.deleteFrom("catalogue_entry").where("source_id", "=", source_id);
        await entry.where("event_type", "=", event_type).execute();
      }
      return { other: found.length };
    },
  };
}

/** Errors of sources, which can quote what the peer sent. */
export async function sourceErrorPlace(services: Services, search: Search): Promise<Planned> {
  const { subject } = search;
  if (!subject.isText) return NOTHING_LEFT;
  const rows = await services.store.db
    .selectFrom("source_run")
    .select(["source_id", "error_text", "error_hint"])
    .where(inSources(search, "source_run.source_id"))
    .where((eb) => eb.or([eb("error_text", "is not", null), eb("error_hint", "is not", null)]))
    .execute();
  const keys = rows
    .filter(({ error_text: text, error_hint: hint }) => [text, hint].some((one) => subject.occursIn(one ?? "")))
    .map(({ source_id }) => source_id);
  if (keys.length === 0) return NOTHING_LEFT;
  if (search.isDryRun) return { next: null, counts: { other: keys.length } };
  return {
    next: null,
    counts: {},
    erase: async ({ db }) => {
      const errors = db.updateTable("source_run").set({ error_text: null, error_hint: null });
      await errors.where("source_id", "in", keys).execute();
      return { other: keys.length };
    },
  };
}

/**
 * Responses that are stored for repeated requests. They do not name their organisation, so those of a server with several organisations are
 * not read: they are encrypted, and expire.
 */
export async function responsePlace(services: Services, search: Search, after: PlacePosition | null): Promise<Planned> {
  const { secretBox, store } = services;
  const { subject } = search;
  if (!subject.isText) return NOTHING_LEFT;
  const organisations = await store.db.selectFrom("organisation").select("id").limit(2).execute();
  if (organisations.length > 1) return NOTHING_LEFT;
  const page = await readSealed(store.db, RESPONSES, after as SealedPosition | null);
  const changes = page.values.flatMap((value): [SealedValue, Uint8Array][] => {
    const text = secretBox.open(value.sealed, value.context);
    if (!subject.occursIn(text)) return [];
    return [[value, secretBox.seal(withoutValue(subject, text), value.context)]];
  });
  const { next } = page;
  if (changes.length === 0) return { next, counts: {} };
  if (search.isDryRun) return { next, counts: { responses: changes.length } };
  return { next, counts: {}, erase: (tx) => replaceResponses(tx, changes) };
}

const RESPONSES = "idempotency.body_sealed";

async function replaceResponses(
  tx: Tx,
  changes: readonly (readonly [SealedValue, Uint8Array])[],
): Promise<{ readonly responses: number }> {
  let responses = 0;
  for (const [value, sealed] of changes) if (await replaceSealed(tx, RESPONSES, value, sealed)) responses++;
  return { responses };
}

/** A response in JSON, with its other content unchanged. */
function withoutValue(subject: Subject, text: string): string {
  return JSON.stringify(JSON.parse(text), (_name, value: unknown) => {
    if (typeof value === "string") return replaced(subject, value);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [replaced(subject, name), inner]));
  });
}

function replaced(subject: Subject, text: string): string {
  return subject.occursIn(text) ? REPLACED : text;
}
