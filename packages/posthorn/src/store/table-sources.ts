/** Table sources as stored in the database: in the comments of their trigger functions, and in the log of missed events. */
import { type Kysely, sql } from "kysely";
import type { TableSource } from "./postgres/table-source/definition.ts";
import { SCHEMA } from "./postgres/schema-name.ts";
import { isPostgres } from "./portable-sql.ts";
import type { Database } from "./schema.ts";

/** An existing table source. */
export interface ListedSource extends TableSource {
  /** Quoted schema and name. */
  readonly table: string;
  /** Existing, enabled triggers: fewer than `changes` if some were dropped or disabled manually. */
  readonly triggers: number;
  /** When events were last missed (Unix milliseconds), and why; `null`: never. */
  readonly missed: { readonly at: number; readonly reason: string } | null;
}

export interface SourceRow {
  readonly comment: string;
  readonly triggers: number;
  readonly at: number | null;
  readonly reason: string | null;
}

export const LIST_SQL = `
    SELECT d.description AS comment, m.at, m.reason,
      (SELECT count(*) FROM pg_trigger t WHERE t.tgfoid = p.oid AND t.tgenabled <> 'D') AS triggers
    FROM pg_proc p
    JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
    LEFT JOIN LATERAL (
      SELECT at, reason FROM ${SCHEMA}.table_source_missed WHERE source = substr(p.proname, 4) ORDER BY at DESC LIMIT 1
    ) AS m ON true
    WHERE p.pronamespace = to_regnamespace('${SCHEMA}') AND p.proname LIKE 'on\\_%' AND p.prorettype = 'trigger'::regtype
    ORDER BY p.proname`;

export function listedSource({ comment, triggers, at, reason }: SourceRow): ListedSource {
  return {
    ...(JSON.parse(comment) as TableSource & { table: string }),
    triggers,
    missed: at === null ? null : { at, reason: reason! },
  };
}

/** All table sources of the installation. None on SQLite. */
export async function tableSources(db: Kysely<Database>): Promise<readonly ListedSource[]> {
  if (!isPostgres(db)) return [];
  const { rows } = await sql.raw<SourceRow>(LIST_SQL).execute(db);
  return rows.map(listedSource);
}
