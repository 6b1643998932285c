/** SQL fragments that differ between the databases. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from "kysely";
import type { Database } from "./schema.ts";

/** `INDEXED BY` on SQLite, which would otherwise choose the wrong index. PostgreSQL chooses by its statistics. */
export function indexedBy(db: Kysely<Database>, index: string): RawBuilder<unknown> {
  return isPostgres(db) ? sql`` : sql`INDEXED BY ${sql.ref(index)}`;
}

/** A join that reads its left side first on SQLite. On PostgreSQL, the planner decides. */
export function orderedJoin(db: Kysely<Database>): RawBuilder<unknown> {
  return isPostgres(db) ? sql`JOIN` : sql`CROSS JOIN`;
}

function isPostgres(db: Kysely<Database>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
