/** The few places where one SQL text cannot serve both databases. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from "kysely";
import type { Database } from "./schema.ts";

/** `INDEXED BY` where the database must be told which index to walk. PostgreSQL has statistics for that. */
export function indexedBy(db: Kysely<Database>, index: string): RawBuilder<unknown> {
  return isPostgres(db) ? sql`` : sql`INDEXED BY ${sql.ref(index)}`;
}

/** A join whose left side is read first. */
export function orderedJoin(db: Kysely<Database>): RawBuilder<unknown> {
  return isPostgres(db) ? sql`JOIN` : sql`CROSS JOIN`;
}

function isPostgres(db: Kysely<Database>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
