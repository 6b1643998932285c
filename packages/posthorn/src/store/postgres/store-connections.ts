/** Connections of a store: those for hot statements, for look-ups and for queries, with the probes that watch them. */
import { HandleEmptyInListsPlugin, Kysely, replaceWithNoncontingentExpression } from "kysely";
import { postgresDialect } from "../dialect.ts";
import type { Database } from "../schema.ts";
import { clientConfig, lend, Pool, TIMEOUT_MS } from "./connections.ts";
import { LOCK, lockCall } from "./locks.ts";
import { HealthProbe } from "./health-probe.ts";
import { Servers } from "./servers.ts";
import type { PostgresStoreOptions } from "./store-options.ts";

const CONNECTIONS = 8;

/** Two for accepts, two for outcomes, and one for pages of due deliveries. */
const HOT_CONNECTIONS = 5;
/** For the short look-ups of deliveries and logins. */
const LOOKUP_CONNECTIONS = 2;

/**
 * Begins a write transaction of resources. There is one at a time in the whole cluster, so that the rows a transaction has read cannot
 * change before it writes. PostgreSQL ends the transaction of a frozen node after 15 s, and others wait at most `timeoutMs` for it.
 */
export function beginWrite(timeoutMs: number): string {
  const limits = `SET LOCAL idle_in_transaction_session_timeout = '15s'; SET LOCAL lock_timeout = ${timeoutMs}`;
  // Stated, because a database can have another default: its snapshot would be older than the lock, and reads would miss the last commit.
  return `BEGIN ISOLATION LEVEL READ COMMITTED; ${limits}; SELECT ${lockCall(LOCK.resources)}`;
}

export interface Connections {
  readonly hot: Pool;
  readonly lookups: Pool;
  readonly queries: Pool;
  /** One for the direct connections, and one for those through a pooler, if there is one. */
  readonly probes: readonly [direct: HealthProbe, ...HealthProbe[]];
}

export function connectionsOf(options: PostgresStoreOptions, onChange: () => void): Connections {
  const { url, directUrl = null, connections = CONNECTIONS, timeoutMs = TIMEOUT_MS } = options;
  const probeOf = (to: string, pooled: boolean): HealthProbe => {
    const config = (server: string) => clientConfig({ url: server, use: "coordination", pooled, timeoutMs });
    return new HealthProbe({
      servers: new Servers(to),
      config,
      timeoutMs,
      onChange,
      random: Math.random,
      checksIdle: pooled,
    });
  };
  const pooled = directUrl !== null;
  const direct = probeOf(directUrl ?? url, false);
  const querying = pooled ? probeOf(url, true) : direct;
  return {
    hot: new Pool({ url: directUrl ?? url, use: "hot", timeoutMs }, HOT_CONNECTIONS, direct),
    lookups: new Pool({ url, use: "lookups", pooled, timeoutMs }, LOOKUP_CONNECTIONS, querying),
    queries: new Pool({ url, use: "queries", pooled, timeoutMs }, connections, querying),
    probes: pooled ? [direct, querying] : [direct],
  };
}

export function kyselyOn(pool: Pool, begin: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: postgresDialect({ begin, lend: () => lend(pool) }),
    // SQLite accepts an empty list after IN, PostgreSQL does not.
    plugins: [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })],
  });
}
