/** Updates the inferred schema of an event type with new traffic, and announces schema changes. */
import type { Change } from "../../catalogue/schema-change.ts";
import { type Entry, foldSamples, NOTHING_KNOWN } from "../../catalogue/entry.ts";
import { type InferredSchema, schemaFromJson, schemaToJson } from "../../catalogue/inferred-schema.ts";
import type { Services, TransactionServices } from "../context.ts";
import { announceSource } from "../source/announce.ts";
import type { Tx } from "../../store/tx.ts";

/** Traffic of one event type since the last update. Times are Unix milliseconds. */
export interface Traffic {
  readonly sourceKey: number;
  readonly eventType: string;
  readonly received: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Schema inferred from the sampled payloads; `null` if there were none. */
  readonly samples: InferredSchema | null;
}

/** Event types per source. Further ones are ignored: a provider that puts data into the type would create them without end. */
export const MAX_EVENT_TYPES = 500;
/** Changes listed in one announcement. */
const MAX_LISTED = 20;
/** Attempts while other nodes update the same event type. */
const TRIES = 5;

/** Computes the update outside a transaction, and writes it in a short one. */
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
    known: row.known_json === null ? null : schemaFromJson(row.known_json),
    recent: row.recent_json === null ? null : schemaFromJson(row.recent_json),
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

/** Returns whether the entry was written. `false` if another node wrote first. */
async function writeEntry(
  { db }: Tx,
  { sourceKey, eventType, received, firstAt, lastAt }: Traffic,
  known: KnownEntry | null,
  { entry, found }: { readonly entry: Entry; readonly found: readonly Change[] },
): Promise<boolean> {
  const columns = {
    last_at: lastAt,
    known_json: entry.known === null ? null : schemaToJson(entry.known),
    recent_json: entry.recent === null ? null : schemaToJson(entry.recent),
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
      .slice(0, MAX_LISTED)
      .map(({ kind, path, before, after, breaking }) => ({ kind, path, before, after, breaking })),
    moreChanges: Math.max(0, found.length - MAX_LISTED),
  });
}
