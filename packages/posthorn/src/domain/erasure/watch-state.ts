/** Finds keys of watches that contain the value, or whose state comes from erased messages. */
import { sql, type SqlBool } from "kysely";
import { deserialise } from "../../conditions/state.ts";
import { recalled } from "../../conditions/values.ts";
import type { Services } from "../context.ts";
import type { Tx } from "../../store/tx.ts";
import { NOTHING_LEFT, type Planned, type PlacePosition, type Search } from "./place.ts";
import type { Subject } from "./subject.ts";

const PAGE = 200;

interface KeyRow {
  readonly watch_id: number;
  readonly name: string;
  readonly state: string;
}

export async function watchKeyPlace(services: Services, search: Search, after: PlacePosition | null): Promise<Planned> {
  const { appKey, orgId, subject } = search;
  const [watch, name] = (after ?? [0, ""]) as readonly [number, string];
  const rows: readonly KeyRow[] = await services.store.db
    .selectFrom("watch_key")
    .select(["watch_id", "name", "state"])
    .where(sql<SqlBool>`(watch_id, name) > (${watch}, ${name})`)
    .where((eb) =>
      eb(
        "watch_id",
        "in",
        eb
          .selectFrom("watch")
          .select("id")
          .where("org_id", "=", orgId)
          .$if(appKey !== null, (query) => query.where("app_id", "=", appKey!)),
      ),
    )
    .orderBy("watch_id")
    .orderBy("name")
    .limit(PAGE)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const erased = await erasedAmong(services, rows);
  const found = rows.filter((row) => isFound(subject, row, erased));
  const next = rows.length < PAGE ? null : [last.watch_id, last.name];
  if (found.length === 0) return { next, counts: {} };
  if (search.isDryRun) return { next, counts: { watchKeys: found.length } };
  return { next, counts: {}, erase: (tx) => deleteKeys(tx, found) };
}

function isFound(subject: Subject, { name, state }: KeyRow, erased: ReadonlySet<number>): boolean {
  if (subject.equals(name) || subject.occursIn(name)) return true;
  const { last, previous, reported, message } = deserialise(state);
  if (message !== null && erased.has(message)) return true;
  return [last, previous, reported].some((value) => {
    const shown = recalled(value);
    return subject.equals(shown) || (shown !== undefined && subject.occursIn(JSON.stringify(shown)));
  });
}

/** The erased messages among those with the last samples. */
async function erasedAmong({ store }: Services, rows: readonly KeyRow[]): Promise<ReadonlySet<number>> {
  const messages = rows.map(({ state }) => deserialise(state).message).filter((key) => key !== null);
  if (messages.length === 0) return new Set();
  const erased = await store.db
    .selectFrom("message_erasure")
    .select("message_id")
    .where("message_id", "in", messages)
    .execute();
  return new Set(erased.map(({ message_id }) => message_id));
}

async function deleteKeys({ db }: Tx, found: readonly KeyRow[]): Promise<{ readonly watchKeys: number }> {
  let watchKeys = 0;
  for (const [watch, keys] of Map.groupBy(found, ({ watch_id }) => watch_id)) {
    const names = keys.map(({ name }) => name);
    const { numDeletedRows } = await db
      .deleteFrom("watch_key")
      .where("watch_id", "=", watch)
      .where("name", "in", names)
      .executeTakeFirstOrThrow();
    const deleted = Number(numDeletedRows);
    // A step that has read the keys does not commit, and is repeated.
    await db
      .updateTable("watch")
      .set((eb) => ({ key_count: eb("key_count", "-", deleted), revision: eb("revision", "+", 1) }))
      .where("id", "=", watch)
      .execute();
    watchKeys += deleted;
  }
  return { watchKeys };
}

/** Names in the records of transitions, whose messages may have lost their payload already. */
export async function watchEventPlace(
  services: Services,
  search: Search,
  after: PlacePosition | null,
): Promise<Planned> {
  const { appKey, orgId, subject } = search;
  const rows = await services.store.db
    .selectFrom("watch_event")
    .innerJoin("watch", "watch.id", "watch_event.watch_id")
    .select(["watch_event.message_id", "watch_event.name"])
    .where("watch.org_id", "=", orgId)
    .$if(appKey !== null, (query) => query.where("watch.app_id", "=", appKey!))
    .where("watch_event.message_id", ">", Number(after ?? 0))
    .where((eb) =>
      subject.isText
        ? sql<SqlBool>`instr(${eb.ref("watch_event.name")}, ${subject.value}) > 0`
        : eb("watch_event.name", "=", subject.value),
    )
    .orderBy("watch_event.message_id")
    .limit(PAGE)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return NOTHING_LEFT;
  const next = rows.length < PAGE ? null : last.message_id;
  if (search.isDryRun) return { next, counts: { other: rows.length } };
  const keys = rows.map(({ message_id }) => message_id);
  return {
    next,
    counts: {},
    erase: async ({ db }) => {
      await db.updateTable("watch_event").set({ name: "" }).where("message_id", "in", keys).execute();
      return { other: keys.length };
    },
  };
}
