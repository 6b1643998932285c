/** Writes counts of duplicates. */
import { sql, type SqlBool } from "kysely";
import type { Services } from "../context.ts";
import { existingSources } from "../source/existing.ts";
import type { Tx } from "../../store/tx.ts";

/** Duplicates of one message. Times are Unix milliseconds. */
export interface Repetition {
  readonly sourceKey: number;
  /** The repeated message, by key or event ID. `null`: only the source's count is kept. */
  readonly of: { readonly messageId: number } | { readonly eventId: string } | null;
  readonly repeats: number;
  readonly lastAt: number;
}

/** Repeated messages kept per source, most recently repeated first. */
export const MAX_REPEATED_MESSAGES = 1000;
/** Rows per statement. */
const CHUNK = 100;

type Row = {
  readonly source_id: number;
  readonly message_id: number;
  readonly repeats: number;
  readonly last_at: number;
};

/** Adds to the counts of sources and messages in one transaction. */
export async function recordDuplicates(services: Services, repetitions: readonly Repetition[]): Promise<void> {
  const rows = await rowsOf(services, repetitions);
  const totals = totalsOf(repetitions);
  await services.store.transaction(async (tx) => {
    const existing = await existingSources(tx, [...totals.keys()]);
    await addTotals(
      tx,
      [...totals.values()].filter((total) => existing.has(total.source_id)),
    );
    const wanted = rows.filter((row) => existing.has(row.source_id));
    for (let from = 0; from < wanted.length; from += CHUNK) await addRepeats(tx, wanted.slice(from, from + CHUNK));
    for (const sourceKey of new Set(wanted.map((row) => row.source_id))) await trim(tx, sourceKey);
  });
}

/** One row per message, with event IDs resolved to message keys. */
async function rowsOf(services: Services, repetitions: readonly Repetition[]): Promise<readonly Row[]> {
  const rows = new Map<string, Row>();
  for (const { sourceKey, of, repeats, lastAt } of repetitions) {
    if (of === null) continue;
    const messageId = "messageId" in of ? of.messageId : await messageOf(services, sourceKey, of.eventId);
    // The message has been deleted. The duplicate still counts for the source.
    if (messageId === null) continue;
    const name = `${sourceKey} ${messageId}`;
    const before = rows.get(name);
    rows.set(name, {
      source_id: sourceKey,
      message_id: messageId,
      repeats: repeats + (before?.repeats ?? 0),
      last_at: Math.max(lastAt, before?.last_at ?? 0),
    });
  }
  return [...rows.values()];
}

async function messageOf({ store }: Services, sourceKey: number, eventId: string): Promise<number | null> {
  const row = await store.db
    .selectFrom("message")
    .select("id")
    .where("app_id", "=", sourceKey)
    .where("event_id", "=", eventId)
    .executeTakeFirst();
  return row?.id ?? null;
}

type Total = { readonly source_id: number; readonly duplicates: number; readonly last_at: number };

function totalsOf(repetitions: readonly Repetition[]): ReadonlyMap<number, Total> {
  const totals = new Map<number, Total>();
  for (const { sourceKey, repeats, lastAt } of repetitions) {
    const before = totals.get(sourceKey);
    totals.set(sourceKey, {
      source_id: sourceKey,
      duplicates: repeats + (before?.duplicates ?? 0),
      last_at: Math.max(lastAt, before?.last_at ?? 0),
    });
  }
  return totals;
}

async function addTotals({ db }: Tx, totals: readonly Total[]): Promise<void> {
  for (const total of totals) {
    await db
      .insertInto("source_duplicate_total")
      .values(total)
      .onConflict((conflict) =>
        conflict.column("source_id").doUpdateSet((eb) => ({
          duplicates: eb("source_duplicate_total.duplicates", "+", eb.ref("excluded.duplicates")),
          last_at: eb.ref("excluded.last_at"),
        })),
      )
      .execute();
  }
}

async function addRepeats({ db }: Tx, rows: readonly Row[]): Promise<void> {
  await db
    .insertInto("source_duplicate")
    .values([...rows])
    .onConflict((conflict) =>
      conflict.columns(["source_id", "message_id"]).doUpdateSet((eb) => ({
        repeats: eb("source_duplicate.repeats", "+", eb.ref("excluded.repeats")),
        last_at: eb.ref("excluded.last_at"),
      })),
    )
    .execute();
}

async function trim({ db }: Tx, sourceKey: number): Promise<void> {
  const ranked = sql`SELECT message_id, ROW_NUMBER() OVER (ORDER BY last_at DESC, message_id DESC) AS place
    FROM source_duplicate WHERE source_id = ${sourceKey}`;
  await db
    .deleteFrom("source_duplicate")
    .where("source_id", "=", sourceKey)
    .where(
      sql<SqlBool>`message_id IN (SELECT message_id FROM (${ranked}) AS ranked WHERE place > ${MAX_REPEATED_MESSAGES})`,
    )
    .execute();
}
