/** Connections to PostgreSQL: settings, and return to the pool after a failure. */
import pg from "pg";
import { PosthornError } from "../../lib/errors.ts";
import type { Lent } from "../dialect.ts";
import { StoreError } from "../errors.ts";
import { isUnavailable, isInFailedTransaction, toStoreError } from "./errors.ts";
import type { HealthProbe } from "./health-probe.ts";
import { SCHEMA } from "./schema-name.ts";
import { Servers } from "./servers.ts";

/** Default of `POSTHORN_DATABASE_TIMEOUT`. */
export const TIMEOUT_MS = 5000;
/** Timeout of queries that read or change many rows. The health probe detects earlier that PostgreSQL does not respond at all. */
const QUERY_MS = 15_000;
/** Timeout of a migration, which waits for other nodes and may rewrite tables. */
const SCHEMA_MS = 600_000;
const IDLE_MS = 30_000;

/** Parses values as SQLite returns them: integers of up to 53 bits, booleans as 0 and 1. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC) return Number;
    if (oid === pg.types.builtins.BOOL) return (text: string) => (text === "t" ? 1 : 0);
    return pg.types.getTypeParser(oid, format);
  },
};

/**
 * Planner settings of the hot statements, which join a batch of rows with a table by its key only. A plan made while the table was small
 * would later scan the whole table for every row of every batch, so other plans are disabled.
 */
const HOT_OPTIONS = [
  "enable_seqscan=off",
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  // A page of due deliveries is the beginning of an index. A bitmap scan would read and sort all due deliveries of the endpoint.
  "enable_bitmapscan=off",
  // One plan per connection. Planning for each batch made a page of due deliveries take 40 ms with the partitions of 90 days.
  "plan_cache_mode=force_generic_plan",
  // A node that freezes within a transaction holds locks that others wait for.
  "idle_in_transaction_session_timeout=5s",
  // The lease is read after its lock was awaited. With the snapshot of a stricter default, an owner from before the wait would be read.
  String.raw`default_transaction_isolation=read\ committed`,
];

/**
 * Statements over the partitions of many days have a high estimated cost, which triggers JIT compilation: it took five seconds for a
 * statement that runs in one millisecond.
 */
const NO_JIT = "jit=off";

/** PostgreSQL soon ends the session of a node that was cut off, or that freezes within a transaction. */
const SESSION_LIMITS = [
  "idle_in_transaction_session_timeout=15s",
  "tcp_keepalives_idle=10",
  "tcp_keepalives_interval=5",
  "tcp_keepalives_count=3",
];

/**
 * Compresses large payloads with LZ4, for a fraction of the time that PostgreSQL's own method takes. Without effect if the server was built without
 * it, or has a setting of its own.
 */
const FAST_COMPRESSION = `SELECT set_config(name, 'lz4', false) FROM pg_settings
  WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals) AND source = 'default'`;

export type ConnectionUse = "hot" | "lookups" | "queries" | "coordination" | "schema";

const QUERY_TIMEOUT_MS: Record<ConnectionUse, number> = {
  hot: 0,
  lookups: 0,
  coordination: 0,
  queries: QUERY_MS,
  schema: SCHEMA_MS,
};

export interface ConnectionOptions {
  readonly url: string;
  readonly use: ConnectionUse;
  /** The connection goes through a pooler, which may refuse startup settings. */
  readonly pooled?: boolean;
  /** Timeout for opening a connection and for short statements. */
  readonly timeoutMs?: number;
}

/** Settings of a connection. */
export function clientConfig({ url, use, pooled = false, timeoutMs = TIMEOUT_MS }: ConnectionOptions): pg.ClientConfig {
  const settings = [
    `search_path=${SCHEMA}`,
    NO_JIT,
    ...(use === "schema" ? [] : SESSION_LIMITS),
    ...(use === "hot" ? HOT_OPTIONS : []),
  ];
  return {
    connectionString: url,
    application_name: `posthorn ${use}`,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: Math.max(QUERY_TIMEOUT_MS[use], timeoutMs),
    keepAlive: true,
    types,
    ...(pooled ? {} : { options: settings.map((setting) => `-c ${setting}`).join(" ") }),
  };
}

/** Opens a connection to the server that accepts writes; the caller closes it. Rejects with the error of `pg`. */
export async function openClient(options: ConnectionOptions, more: pg.ClientConfig = {}): Promise<pg.Client> {
  return new Servers(options.url).connect((url) => new pg.Client({ ...clientConfig({ ...options, url }), ...more }));
}

/** Runs `work` on a new connection. Rejects with a `StoreError`. */
export async function onOwnClient<T>(
  options: ConnectionOptions,
  work: (client: pg.Client) => Promise<T>,
  more: pg.ClientConfig = {},
): Promise<T> {
  let client: pg.Client | null = null;
  try {
    client = await openClient(options, more);
    return await work(client);
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await client?.end().catch(() => undefined);
  }
}

/** Connection pool. With a health probe, all connections are cut and none is lent while a check fails. */
export class Pool {
  readonly #probe: HealthProbe | null;
  /** The probe knows which server accepts writes; without a probe the pool asks. */
  readonly #servers: Servers;
  readonly #options: ConnectionOptions;
  readonly #connections: pg.Pool;

  constructor(options: ConnectionOptions, max: number, probe: HealthProbe | null = null) {
    this.#probe = probe;
    this.#options = options;
    const servers = (this.#servers = probe?.servers ?? new Servers(options.url));
    /** Connects to the server that accepts writes at the time. */
    class ServerClient extends pg.Client {
      constructor() {
        const way = probe === null ? {} : { stream: () => probe.socket() };
        super({ ...clientConfig({ ...options, url: servers.url }), ...way });
      }
    }
    const bounds = { max, idleTimeoutMillis: IDLE_MS, allowExitOnIdle: true };
    const { connectionTimeoutMillis } = clientConfig(options);
    const onConnect = options.use === "hot" ? { onConnect: compressFast } : {};
    this.#connections = new pg.Pool({ ...bounds, ...onConnect, connectionTimeoutMillis, Client: ServerClient });
    // The server may close a connection right after it has accepted it, and an error without a listener ends the process.
    this.#connections.on("connect", (client) => client.on("error", () => undefined));
    // An idle connection broke. The pool has dropped it and will open another.
    this.#connections.on("error", (error) => this.failed(error));
  }

  /** Rejects with `storage_unavailable` when there is no connection; nothing was sent then. */
  async connect(): Promise<pg.PoolClient> {
    await this.#probe?.ready();
    try {
      if (this.#probe === null)
        await this.#servers.known((url) => new pg.Client(clientConfig({ ...this.#options, url })));
      const client = await this.#connections.connect();
      this.#probe?.lent();
      return client;
    } catch (error) {
      this.failed(error);
      throw toStoreError(error);
    }
  }

  /** Changes the maximum number of connections. Those beyond it close when they are returned, or after a while if they are idle. */
  limit(max: number): void {
    this.#connections.options.max = max;
  }

  /** Whether it has more connections than its maximum, which was reduced. */
  get isAboveMax(): boolean {
    return this.#connections.totalCount > this.#connections.options.max;
  }

  /** Reports that one of its connections broke. */
  failed(error: unknown): void {
    if (this.#probe === null) this.#servers.doubt();
    else this.#probe.failed(error);
  }

  /** Takes a connection back. @param isBroken It is closed instead of being used again. */
  takeBack(client: pg.PoolClient, isBroken: boolean): void {
    this.#probe?.returned();
    client.release(isBroken);
  }

  /** Resolves when all connections were returned and closed. */
  end(): Promise<void> {
    return this.#connections.end();
  }
}

async function compressFast(client: pg.ClientBase): Promise<void> {
  await client.query(FAST_COMPRESSION);
}

/** Runs `work` on a connection of the pool. Rejects with the error of `pg`. */
export async function withClient<T>(pool: Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const lent = await lendClient(pool);
  try {
    return await work(lent.client);
  } catch (error) {
    lent.failed(error);
    throw error;
  } finally {
    await lent.release();
  }
}

/** Runs `work` in a transaction on a connection of the pool. If anything fails, returning the connection rolls it back. */
export function inTransaction<T>(pool: Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    const result = await work(client);
    checkCommitted(await client.query("COMMIT"));
    return result;
  });
}

/** Lends a connection to Kysely. Returning it rolls back an open transaction, such as one whose begin failed half way. */
export async function lend(pool: Pool): Promise<Lent> {
  const lent = await lendClient(pool);
  return {
    run: async (sql, parameters) => {
      if (lent.isBroken()) throw toStoreError(new Error("the connection failed before"));
      try {
        const result =
          parameters.length === 0 ? await lent.client.query(sql) : await lent.client.query(sql, [...parameters]);
        // A text with several statements has a result for each.
        if (Array.isArray(result)) return { rows: [], changes: null };
        if (sql === "COMMIT") checkCommitted(result);
        return { rows: result.rows as Record<string, unknown>[], changes: result.rowCount };
      } catch (error) {
        lent.failed(error);
        throw toStoreError(error);
      }
    },
    release: () => lent.release(),
  };
}

/** In a failed transaction, PostgreSQL rolls back on COMMIT and reports success. */
function checkCommitted({ command }: pg.QueryResult): void {
  if (command === "COMMIT") return;
  throw new StoreError(
    "storage_failed",
    "PostgreSQL rolled the transaction back instead of committing it: one of its statements had failed.",
  );
}

interface LentClient {
  readonly client: pg.PoolClient;
  /** Whether the connection will be closed instead of being used again. */
  isBroken(): boolean;
  failed(error: unknown): void;
  /** Returns the connection to the pool outside of any transaction, or closes it. Never rejects. */
  release(): Promise<void>;
}

async function lendClient(pool: Pool): Promise<LentClient> {
  const client = await pool.connect();
  let broken = false;
  let doubtful = false;
  // Between two statements there is no other listener, and an error without one ends the process.
  const onError = (): void => void (broken = true);
  client.on("error", onError);
  return {
    client,
    isBroken: () => broken,
    failed: (error) => {
      doubtful = true;
      // Posthorn's own errors do not concern the connection.
      if (error instanceof PosthornError) return;
      if (isInFailedTransaction(error)) broken = true;
      if (!isUnavailable(error)) return;
      broken = true;
      pool.failed(error);
    },
    release: async () => {
      if (!broken && (doubtful || client.getTransactionStatus() !== IDLE) && !(await settle(client))) broken = true;
      client.off("error", onError);
      pool.takeBack(client, broken || pool.isAboveMax);
    },
  };
}

/** Status that PostgreSQL reports after each response while no transaction is open. */
const IDLE = "I";

/** Rolls back an open transaction. Returns whether the connection is known to be idle. */
async function settle(client: pg.PoolClient): Promise<boolean> {
  try {
    // The transaction status follows the error message and may not have arrived yet.
    await client.query("");
    if (client.getTransactionStatus() !== IDLE) await client.query("ROLLBACK");
    return client.getTransactionStatus() === IDLE;
  } catch {
    return false;
  }
}
