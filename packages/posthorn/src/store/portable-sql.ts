/** SQL fragments that differ between the databases. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql, type SqlBool } from "kysely";
import type { Lease } from "./delivery.ts";
import type { Database } from "./schema.ts";

/** `INDEXED BY` on SQLite, which would otherwise choose the wrong index. PostgreSQL chooses by its statistics. */
export function indexedBy(db: Kysely<Database>, index: string): RawBuilder<unknown> {
  return isPostgres(db) ? sql`` : sql`INDEXED BY ${sql.ref(index)}`;
}

/** A join that reads its left side first on SQLite. On PostgreSQL, the planner decides. */
export function orderedJoin(db: Kysely<Database>): RawBuilder<unknown> {
  return isPostgres(db) ? sql`JOIN` : sql`CROSS JOIN`;
}

/** The elements of a JSON array as rows with one column, `value`. The statement is the same for any number of them. */
export function elementsOf(db: Kysely<Database>, values: readonly unknown[]): RawBuilder<unknown> {
  const json = JSON.stringify(values);
  return isPostgres(db) ? sql`jsonb_array_elements(${json}::jsonb)` : sql`json_each(${json})`;
}

/** Whether a column has one of the keys. Unlike `IN` with a parameter for each key, the statement is the same for any number of them. */
export function isOneOf(db: Kysely<Database>, column: string, keys: readonly number[]): RawBuilder<SqlBool> {
  const reference = sql.ref(column);
  return isPostgres(db)
    ? sql<SqlBool>`${reference} = ANY (${`{${keys.join(",")}}`}::bigint[])`
    : sql<SqlBool>`${reference} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`;
}

/**
 * Whether a lease is still held. It stays so until the end of the transaction. On SQLite with a single thread, the node has no lease because it
 * owns everything.
 */
export async function leaseHeld(db: Kysely<Database>, { shard, fence }: Lease): Promise<boolean> {
  const { rows } = await sql<{ held: number }>`SELECT holds(${shard}, ${fence}) AS held`.execute(db);
  return rows[0]?.held === 1;
}

/**
 * Whether the columns, one after the other, contain a text in any case. The database lowercases both sides, because SQLite knows the case of
 * ASCII letters only.
 */
export function containsText(columns: readonly string[], text: string): RawBuilder<SqlBool> {
  const values = columns.map((column) => sql`coalesce(${sql.ref(column)}, '')`);
  return sql<SqlBool>`instr(lower(${sql.join(values, sql` || ' ' || `)}), lower(cast(${text} as text))) > 0`;
}

export function isPostgres(db: Kysely<Database>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
