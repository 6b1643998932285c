/** Takes up what came in into what is known of an event type, and says when payloads look different. */
import type { Change } from "../../catalogue/schema-change.ts";
import { type Entry, foldSamples, NOTHING_KNOWN } from "../../catalogue/entry.ts";
import { type Shape, shapeFromJson, shapeToJson } from "../../catalogue/inferred-schema.ts";
import type { Services, TransactionServices } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import type { Tx } from "../../store/tx.ts";

/** What came in of one event type since the last time. Times are Unix milliseconds. */
export interface Traffic {
  readonly sourceKey: number;
  readonly eventType: string;
  readonly received: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** What the payloads looked like that were looked at; `null`: none was. */
  readonly samples: Shape | null;
}

/** Event types of one source that are kept. Types beyond are not learned: a type that is data would never end. */
export const MAX_EVENT_TYPES = 500;
/** Changes that one announcement names. */
const MAX_TOLD = 20;
/** How often it is tried while others learn the same type. */
const TRIES = 5;

/** Computes beside everybody else, and writes in one short transaction. */
export async function foldTraffic(services: Services, traffic: Traffic): Promise<void> {
  for (let tried = 0; tried < TRIES; tried++) {
    const known = await readEntry(services, traffic);
    if (known === null && (await isFull(services, traffic.sourceKey))) return;
    const { entry, found } =
      traffic.samples === null
        ? { entry: known?.entry ?? NOTHING_KNOWN, found: [] }
        : foldSamples(known?.entry ?? NOTHING_KNOWN, traffic.samples, traffic.lastAt);
    const written = await services.store.transaction(async (tx) => {
      const isOurs = await writeEntry(tx, traffic, known, { entry, found });
      if (isOurs && found.length > 0) await announce(services, tx, traffic, found);
      return isOurs;
    }, "catalogue.fold");
    if (written) return;
  }
}

interface KnownEntry {
  readonly version: number;
  readonly received: number;
  readonly entry: Entry;
}

async function readEntry({ store }: Services, { sourceKey, eventType }: Traffic): Promise<KnownEntry | null> {
  const row = await store.db
    .selectFrom("catalogue_entry")
    .select(["version", "received", "known_json", "recent_json", "changes_json"])
    .where("source_id", "=", sourceKey)
    .where("event_type", "=", eventType)
    .executeTakeFirst();
  return row === undefined ? null : { version: row.version, received: row.received, entry: toEntry(row) };
}

export function toEntry(row: {
  readonly known_json: string | null;
  readonly recent_json: string | null;
  readonly changes_json: string;
}): Entry {
  return {
    known: row.known_json === null ? null : shapeFromJson(row.known_json),
    recent: row.recent_json === null ? null : shapeFromJson(row.recent_json),
    changes: JSON.parse(row.changes_json) as Change[],
  };
}

async function isFull({ store }: Services, sourceKey: number): Promise<boolean> {
  const { types } = await store.db
    .selectFrom("catalogue_entry")
    .select((eb) => eb.fn.countAll<number>().as("types"))
    .where("source_id", "=", sourceKey)
    .executeTakeFirstOrThrow();
  return types >= MAX_EVENT_TYPES;
}

/** Returns whether it was written: not, when the source is gone, in which case nobody else has to, or when somebody else wrote. */
async function writeEntry(
  { db }: Tx,
  { sourceKey, eventType, received, firstAt, lastAt }: Traffic,
  known: KnownEntry | null,
  { entry, found }: { readonly entry: Entry; readonly found: readonly Change[] },
): Promise<boolean> {
  const columns = {
    last_at: lastAt,
    known_json: entry.known === null ? null : shapeToJson(entry.known),
    recent_json: entry.recent === null ? null : shapeToJson(entry.recent),
    changes_json: JSON.stringify(entry.changes),
    ...(found.length === 0 ? {} : { changed_at: lastAt }),
  };
  if (known === null) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto("catalogue_entry")
      .values({ source_id: sourceKey, event_type: eventType, version: 1, received, first_at: firstAt, ...columns })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const { numUpdatedRows } = await db
    .updateTable("catalogue_entry")
    .set({ ...columns, received: known.received + received, version: known.version + 1 })
    .where("source_id", "=", sourceKey)
    .where("event_type", "=", eventType)
    .where("version", "=", known.version)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function announce(
  services: TransactionServices,
  tx: Tx,
  { sourceKey, eventType }: Traffic,
  found: readonly Change[],
): Promise<boolean> {
  return announceSource(services, tx, sourceKey, "source.schema_changed", {
    eventType,
    breaking: found.some(({ breaking }) => breaking),
    changes: found
      .slice(0, MAX_TOLD)
      .map(({ kind, path, before, after, breaking }) => ({ kind, path, before, after, breaking })),
    moreChanges: Math.max(0, found.length - MAX_TOLD),
  });
}
