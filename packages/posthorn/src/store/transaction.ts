/** Write transactions of resources, the same for every database. */
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";
import type { Tx } from "./store.ts";

/** Runs `work` in one transaction of `db`, and what it asked for after the commit. */
export async function transactOn<T>(db: Kysely<Database>, work: (tx: Tx) => Promise<T>): Promise<T> {
  const hooks: (() => void)[] = [];
  const result = await db
    .transaction()
    .execute((transaction) => work({ db: transaction, afterCommit: (hook) => void hooks.push(hook) }));
  for (const hook of hooks) hook();
  return result;
}

const KEYED_TABLES = [
  "message",
  "attempt",
  "application",
  "endpoint",
  "endpoint_secret",
  "event_type",
  "task",
  "api_key",
  "source_secret",
  "quarantine",
] as const;

/** The greatest key in use; 0 in an empty database. */
export async function greatestKey(db: Kysely<Database>): Promise<number> {
  const keys = await Promise.all(
    KEYED_TABLES.map(async (table) => {
      const row = await db
        .selectFrom(table)
        .select((eb) => eb.fn.max("id").as("id"))
        .executeTakeFirst();
      return row?.id ?? 0;
    }),
  );
  return Math.max(...keys);
}
