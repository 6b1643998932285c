/** Write transactions for resources. Shared by both databases. */
import type { Kysely } from "kysely";
import { feedHorizonIn } from "./feed-horizon.ts";
import type { Database } from "./schema.ts";
import type { Signal } from "./signal.ts";
import type { TransactionWatch } from "./transaction-watch.ts";
import type { Tx } from "./tx.ts";

/** How the signals of a transaction are sent. */
export interface SignalHooks {
  /** Called in the transaction, after its work. */
  readonly beforeCommit?: (signals: readonly Signal[], db: Kysely<Database>) => Promise<void>;
  /** Called on this node, after the commit. If it returns a promise, the transaction is reported as committed when that has resolved. */
  readonly committed: (signals: readonly Signal[]) => void | Promise<void>;
}

export interface Transacting extends SignalHooks {
  readonly watch: TransactionWatch;
  /** Names the transaction in reports. */
  readonly operation: string;
}

/** Runs `work` in one transaction of `db` and sends its signals. */
export async function transactOn<T>(
  db: Kysely<Database>,
  { beforeCommit, committed, watch, operation }: Transacting,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const signals: Signal[] = [];
  using stack = new DisposableStack();
  const result = await db.transaction().execute(async (transaction) => {
    stack.use(watch.begin(operation));
    const done = await work({ db: transaction, signal: (...more) => void signals.push(...more) });
    if (signals.length > 0) await beforeCommit?.(signals, transaction);
    return done;
  });
  // What follows waits for other threads, and keeps no other write waiting.
  stack.dispose();
  const handled = signals.length > 0 ? committed(signals) : undefined;
  if (handled !== undefined) await handled;
  return result;
}

const KEYED_TABLES = [
  "message",
  "attempt",
  "application",
  "endpoint",
  "endpoint_secret",
  "event_type",
  "task",
  "api_key",
  "source_secret",
  "quarantine",
  "feed_consumer",
  "relay_session",
  "relay_frame",
  "listen_token",
  "auto_config",
  "scoped_token",
  "portal_key",
  "alert_recipient",
  "delivery_batch",
  "websub_topic",
  "subscription",
  "websub_request",
  "share_link",
  "saved_view",
  "person",
  "membership",
  "person_session",
  "person_token",
  "device_request",
  "oauth_client",
  "identity_provider",
  "person_identity",
  "passkey",
] as const;

/** Returns the greatest message key; 0: there is no message. */
export async function greatestMessageKey(db: Kysely<Database>): Promise<number> {
  const row = await db
    .selectFrom("message")
    .select((eb) => eb.fn.max("id").as("id"))
    .executeTakeFirst();
  return row?.id ?? 0;
}

/** Returns the greatest key that must not be issued again; 0 for an empty database. */
export async function greatestKey(db: Kysely<Database>): Promise<number> {
  // One statement: separate ones would open all connections of the pool, each of which loads the catalog, to read one row.
  const keys = await db
    .selectNoFrom((eb) =>
      KEYED_TABLES.map((table) =>
        eb
          .selectFrom(table)
          .select(({ fn }) => fn.max<number | null>("id").as("id"))
          .as(table),
      ),
    )
    .executeTakeFirstOrThrow();
  // Readers of feeds may have passed keys without a row.
  return Math.max(await feedHorizonIn(db), ...Object.values(keys).map((key) => key ?? 0));
}
