/** Databases whose work is counted: bytes of the log, commits, syncs and statements. */
import type { TestPostgres } from "@posthorn/testkit";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Statements } from "./postgres-statements.ts";
import { treeCpuSeconds } from "./processes.ts";
import { WalRecording } from "./wal-pages.ts";

/** PostgreSQL's statistics lag by up to a second. */
const STATISTICS_MS = 1500;

/** Totals of the database's work. */
export interface Written {
  readonly walBytes: number;
  readonly commits: number;
  readonly syncs: number | null;
  readonly statements: number | null;
  /** CPU time of the database outside of the server's process. */
  readonly cpuMicros: number;
}

export interface Recorded {
  readonly db: MeasuredDatabase;
  /** Returns the database's work since the start of the recording. */
  read(): Promise<Written>;
}

export interface MeasuredDatabase {
  /** Whether `Written` has syncs. */
  readonly countsSyncs: boolean;
  readonly env: Readonly<Record<string, string>>;
  record(folder: string): Promise<Recorded & AsyncDisposable>;
}

/** @param listPages Prints the pages written to SQLite by table and index. */
export function sqlite(listPages: boolean): MeasuredDatabase {
  const db: MeasuredDatabase = {
    countsSyncs: false,
    env: {},
    record: async (folder) => {
      const recording = new WalRecording(join(folder, "posthorn.db"));
      return {
        db,
        read: async () => {
          const { bytes, commits, pages } = recording.read();
          if (listPages)
            console.log([...pages].map(([name, count]) => `${String(count).padStart(7)} ${name}`).join("\n"));
          return { walBytes: bytes, commits, syncs: null, statements: null, cpuMicros: 0 };
        },
        [Symbol.asyncDispose]: async () => recording[Symbol.dispose](),
      };
    },
  };
  return db;
}

export function postgresDatabase(postgres: TestPostgres, url: string, statements: Statements): MeasuredDatabase {
  const totals = async (client: pg.Client): Promise<Written> => {
    const { rows } = await client.query<Record<"bytes" | "commits" | "syncs" | "statements", string>>(
      `/* bench */ SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes, (SELECT wal_sync FROM pg_stat_wal) AS syncs,
         (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
         (SELECT sum(calls) FROM public.pg_stat_statements WHERE query NOT LIKE '/* bench */%') AS statements`,
    );
    const { bytes, commits, syncs, statements: calls } = rows[0]!;
    const cpuMicros = treeCpuSeconds(postgres.pid) * 1e6;
    return {
      walBytes: Number(bytes),
      commits: Number(commits),
      syncs: Number(syncs),
      statements: Number(calls),
      cpuMicros,
    };
  };
  const db: MeasuredDatabase = {
    countsSyncs: true,
    env: { POSTHORN_DATABASE_URL: url },
    record: async () => {
      const client = new pg.Client(url);
      await client.connect();
      await statements.reset();
      await delay(STATISTICS_MS);
      const before = await totals(client);
      return {
        db,
        read: async () => {
          await delay(STATISTICS_MS);
          const after = await totals(client);
          const since = (of: (written: Written) => number): number => of(after) - of(before);
          return {
            walBytes: since(({ walBytes }) => walBytes),
            commits: since(({ commits }) => commits),
            syncs: since(({ syncs }) => syncs!),
            statements: since((written) => written.statements!),
            cpuMicros: since(({ cpuMicros }) => cpuMicros),
          };
        },
        [Symbol.asyncDispose]: () => client.end(),
      };
    },
  };
  return db;
}
