/** Statements that PostgreSQL executed, from `pg_stat_statements` of one database. */
import pg from "pg";

export interface Statements extends AsyncDisposable {
  /** Deliveries whose outcome is not on disk. */
  due(): Promise<number>;
  /** Resets the counters. */
  reset(): Promise<void>;
  /** The most frequent statements, how often per delivery, and how long they took. */
  top(deliveries: number): Promise<string>;
}

const MARK = "/* bench */";
const TOP = 15;
const SHOWN = 110;

/** @param url URL of the database. */
export async function openStatements(url: string): Promise<Statements> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`${MARK} CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public`);
  return {
    due: async () => {
      const { rows } = await client.query<{ due: string }>(
        `${MARK} SELECT count(*) AS due FROM posthorn.delivery WHERE due IS NOT NULL`,
      );
      return Number(rows[0]!.due);
    },
    reset: async () => {
      await client.query(`${MARK} SELECT public.pg_stat_statements_reset()`);
    },
    top: async (deliveries) => {
      const { rows } = await client.query<{ text: string; calls: string; rows: string; ms: number }>(
        `${MARK} SELECT regexp_replace(query, '\\s+', ' ', 'g') AS text, calls, rows, mean_exec_time AS ms
         FROM public.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
         WHERE d.datname = current_database() AND query NOT LIKE '${MARK}%' ORDER BY calls DESC LIMIT ${TOP}`,
      );
      const line = ({ text, calls, ms, ...row }: (typeof rows)[number]): string =>
        [
          (Number(calls) / deliveries).toFixed(4).padStart(8),
          `${calls.padStart(7)} calls`,
          `${(Number(row.rows) / Number(calls)).toFixed(1).padStart(7)} rows`,
          `${ms.toFixed(2).padStart(7)} ms`,
          text.slice(0, SHOWN),
        ].join("  ");
      return `\na delivery\n${rows.map(line).join("\n")}`;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
