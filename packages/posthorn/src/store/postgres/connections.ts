/** Connections to PostgreSQL: what they are told when they open, and what becomes of one that failed. */
import pg from "pg";
import type { Lent } from "../dialect.ts";
import { isAway, toStoreError } from "./errors.ts";

/** Everything of Posthorn is in this schema, so that it can share a database with the tables of a product. */
export const SCHEMA = "posthorn";

/** How long to wait for a connection: the bound within which a publish learns that the database is away. */
const CONNECT_MS = 3000;
/** How long to wait for an answer: a cut network says nothing at all. */
const ANSWER_MS = 15_000;
const IDLE_MS = 30_000;

/** Values as SQLite gives them: whole numbers of up to 53 bits, switches as 0 and 1. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC) return Number;
    if (oid === pg.types.builtins.BOOL) return (text: string) => (text === "t" ? 1 : 0);
    return pg.types.getTypeParser(oid, format);
  },
};

/**
 * The hot statements join a batch of rows with a table by its key and nothing else. A plan made while the table was small would read
 * it whole for every row of every batch later, so the other ways are closed.
 */
const HOT_OPTIONS = [
  "enable_seqscan=off",
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  // A node that stands still in the middle of a transaction has locks that others wait for.
  "idle_in_transaction_session_timeout=5s",
];

export type ConnectionUse = "hot" | "queries" | "coordination";

export interface ConnectionOptions {
  readonly url: string;
  readonly use: ConnectionUse;
  /** A pooler is at the other end: it may refuse settings at the start of a connection. */
  readonly pooled?: boolean;
}

/** What a connection is opened with. */
export function clientConfig({ url, use, pooled = false }: ConnectionOptions): pg.ClientConfig {
  const settings = [`search_path=${SCHEMA}`, ...(use === "hot" ? HOT_OPTIONS : [])];
  return {
    connectionString: url,
    application_name: `posthorn ${use}`,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    types,
    ...(pooled ? {} : { options: settings.map((setting) => `-c ${setting}`).join(" ") }),
  };
}

export function openPool(options: ConnectionOptions, max: number): pg.Pool {
  const pool = new pg.Pool({ ...clientConfig(options), max, idleTimeoutMillis: IDLE_MS, allowExitOnIdle: true });
  // A connection that breaks while nobody uses it: the pool has dropped it, and the next use opens another.
  pool.on("error", () => undefined);
  return pool;
}

/** Runs `work` on a connection of the pool. One that failed is closed and not used again. Rejects with errors of Posthorn's list. */
export async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const lent = await lendClient(pool);
  try {
    return await work(lent.client);
  } catch (error) {
    lent.failed(error);
    throw error;
  } finally {
    lent.release();
  }
}

/** Runs `work` in a transaction on a connection of the pool. */
export function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query("BEGIN");
    try {
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      // A broken connection has rolled back by itself, and what failed is what the caller must hear of.
      if (!isAway(error)) await client.query("ROLLBACK");
      throw error;
    }
  });
}

/** A connection for Kysely. */
export async function lend(pool: pg.Pool): Promise<Lent> {
  const lent = await lendClient(pool).catch((error: unknown) => {
    throw toStoreError(error);
  });
  return {
    run: async (sql, parameters) => {
      try {
        const result =
          parameters.length === 0 ? await lent.client.query(sql) : await lent.client.query(sql, [...parameters]);
        // Several statements in one text have a result each.
        if (Array.isArray(result)) return { rows: [], changes: null };
        return { rows: result.rows as Record<string, unknown>[], changes: result.rowCount };
      } catch (error) {
        lent.failed(error);
        throw toStoreError(error);
      }
    },
    release: () => lent.release(),
  };
}

interface LentClient {
  readonly client: pg.PoolClient;
  failed(error: unknown): void;
  release(): void;
}

async function lendClient(pool: pg.Pool): Promise<LentClient> {
  const client = await pool.connect();
  let broken = false;
  // Between two statements nobody else listens, and an error that nobody hears ends the process.
  const onError = (): void => void (broken = true);
  client.on("error", onError);
  return {
    client,
    failed: (error) => void (broken ||= isAway(error)),
    release: () => {
      client.off("error", onError);
      client.release(broken);
    },
  };
}
