/** Connections to PostgreSQL: what they are told when they open, and what becomes of one that failed. */
import pg from "pg";
import { PosthornError } from "../../lib/errors.ts";
import type { Lent } from "../dialect.ts";
import { StoreError } from "../errors.ts";
import { isAway, isInFailedTransaction, toStoreError } from "./errors.ts";
import type { Pulse } from "./health-probe.ts";
import { Servers } from "./servers.ts";

/** Everything of Posthorn is in this schema, so that it can share a database with the tables of a product. */
export const SCHEMA = "posthorn";

/** How long PostgreSQL may take to answer when nothing else is set. */
export const TIMEOUT_MS = 5000;
/** How long a query may take that reads or changes many rows. Whether PostgreSQL answers at all is felt by the pulse. */
const QUERY_MS = 15_000;
/** How long a change of tables may take, which waits for other nodes and rewrites what is there. */
const SCHEMA_MS = 600_000;
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
  // A page of due deliveries is the beginning of an index. A bitmap reads, and sorts, all that are due of the endpoint.
  "enable_bitmapscan=off",
  // They are planned once for each connection. Planned for each batch, a page of due deliveries took 40 ms with the partitions of 90 days.
  "plan_cache_mode=force_generic_plan",
  // A node that stands still in the middle of a transaction has locks that others wait for.
  "idle_in_transaction_session_timeout=5s",
];

/**
 * Statements that touch the partitions of many days look expensive, and are not. Compiling one took five seconds, and what it does then
 * one millisecond.
 */
const UNCOMPILED = "jit=off";

/** A node that was cut off, or stands still within a transaction, does not hold up the others for long. */
const LETTING_GO = [
  "idle_in_transaction_session_timeout=15s",
  "tcp_keepalives_idle=10",
  "tcp_keepalives_interval=5",
  "tcp_keepalives_count=3",
];

export type ConnectionUse = "hot" | "lookups" | "queries" | "coordination" | "schema";

const PATIENCE_MS: Record<ConnectionUse, number> = {
  hot: 0,
  lookups: 0,
  coordination: 0,
  queries: QUERY_MS,
  schema: SCHEMA_MS,
};

export interface ConnectionOptions {
  readonly url: string;
  readonly use: ConnectionUse;
  /** A pooler is at the other end: it may refuse settings at the start of a connection. */
  readonly pooled?: boolean;
  /** How long a connection may take to open, and a short statement to be answered. */
  readonly timeoutMs?: number;
}

/** What a connection is opened with. */
export function clientConfig({ url, use, pooled = false, timeoutMs = TIMEOUT_MS }: ConnectionOptions): pg.ClientConfig {
  const settings = [
    `search_path=${SCHEMA}`,
    UNCOMPILED,
    ...(use === "schema" ? [] : LETTING_GO),
    ...(use === "hot" ? HOT_OPTIONS : []),
  ];
  return {
    connectionString: url,
    application_name: `posthorn ${use}`,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: Math.max(PATIENCE_MS[use], timeoutMs),
    keepAlive: true,
    types,
    ...(pooled ? {} : { options: settings.map((setting) => `-c ${setting}`).join(" ") }),
  };
}

/** A connection for somebody who keeps it, to whichever server takes writes. Rejects as the client does. */
export async function openClient(options: ConnectionOptions, more: pg.ClientConfig = {}): Promise<pg.Client> {
  return new Servers(options.url).connect((url) => new pg.Client({ ...clientConfig({ ...options, url }), ...more }));
}

/** Runs `work` on a connection of its own. Rejects with a `StoreError`. */
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

/** Connections that follow a pulse, if there is one: while it is gone they are cut, and none is lent. */
export class Pool {
  readonly #pulse: Pulse | null;
  /** The pulse knows which of them takes writes; without one the pool asks. */
  readonly #servers: Servers;
  readonly #options: ConnectionOptions;
  readonly #connections: pg.Pool;

  constructor(options: ConnectionOptions, max: number, pulse: Pulse | null = null) {
    this.#pulse = pulse;
    this.#options = options;
    const servers = (this.#servers = pulse?.servers ?? new Servers(options.url));
    /** Each connection goes to the server that is known to take writes when it is opened. */
    class ServerClient extends pg.Client {
      constructor() {
        const way = pulse === null ? {} : { stream: () => pulse.socket() };
        super({ ...clientConfig({ ...options, url: servers.url }), ...way });
      }
    }
    const bounds = { max, idleTimeoutMillis: IDLE_MS, allowExitOnIdle: true };
    const { connectionTimeoutMillis } = clientConfig(options);
    this.#connections = new pg.Pool({ ...bounds, connectionTimeoutMillis, Client: ServerClient });
    // The server can say goodbye in the same breath in which it says hello: an error that nobody hears ends the process.
    this.#connections.on("connect", (client) => client.on("error", () => undefined));
    // A connection that breaks while nobody uses it: the pool has dropped it, and the next use opens another.
    this.#connections.on("error", (error) => this.failed(error));
  }

  /** Rejects with `storage_unavailable`: what was to be sent was not. */
  async connect(): Promise<pg.PoolClient> {
    await this.#pulse?.ready();
    try {
      if (this.#pulse === null)
        await this.#servers.known((url) => new pg.Client(clientConfig({ ...this.#options, url })));
      return await this.#connections.connect();
    } catch (error) {
      this.failed(error);
      throw toStoreError(error);
    }
  }

  /** A connection of it broke. */
  failed(error: unknown): void {
    if (this.#pulse === null) this.#servers.doubt();
    else this.#pulse.failed(error);
  }

  /** Resolves when every connection is back and closed. */
  end(): Promise<void> {
    return this.#connections.end();
  }
}

/** Runs `work` on a connection of the pool. Rejects with what PostgreSQL says. */
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

/** Runs `work` in a transaction on a connection of the pool. Whatever fails, giving the connection back rolls it back. */
export function inTransaction<T>(pool: Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
    const result = await work(client);
    checkCommitted(await client.query("COMMIT"));
    return result;
  });
}

/** A connection for Kysely. Giving it back rolls back a transaction that did not end, such as one whose begin failed half way. */
export async function lend(pool: Pool): Promise<Lent> {
  const lent = await lendClient(pool);
  return {
    run: async (sql, parameters) => {
      if (lent.isBroken()) throw toStoreError(new Error("the connection failed before"));
      try {
        const result =
          parameters.length === 0 ? await lent.client.query(sql) : await lent.client.query(sql, [...parameters]);
        // Several statements in one text have a result each.
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

/** PostgreSQL answers COMMIT in a transaction with a failed statement by rolling back, and calls that a success. */
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
  /** Resolves when the pool has the connection back outside of any transaction, or has closed it. Never rejects. */
  release(): Promise<void>;
}

async function lendClient(pool: Pool): Promise<LentClient> {
  const client = await pool.connect();
  let broken = false;
  let doubtful = false;
  // Between two statements nothing else listens, and an error without a listener ends the process.
  const onError = (): void => void (broken = true);
  client.on("error", onError);
  return {
    client,
    isBroken: () => broken,
    failed: (error) => {
      doubtful = true;
      // Our own refusals say nothing about the connection.
      if (error instanceof PosthornError) return;
      if (isInFailedTransaction(error)) broken = true;
      if (!isAway(error)) return;
      broken = true;
      pool.failed(error);
    },
    release: async () => {
      if (!broken && (doubtful || client.getTransactionStatus() !== IDLE) && !(await settle(client))) broken = true;
      client.off("error", onError);
      client.release(broken);
    },
  };
}

/** What PostgreSQL reports after each answer while no transaction is open. */
const IDLE = "I";

/** Rolls back what is open on a connection, and says whether it is known to be idle. */
async function settle(client: pg.PoolClient): Promise<boolean> {
  try {
    // PostgreSQL reports the state of the transaction after the error itself, and that report may still be under way.
    await client.query("");
    if (client.getTransactionStatus() !== IDLE) await client.query("ROLLBACK");
    return client.getTransactionStatus() === IDLE;
  } catch {
    return false;
  }
}
