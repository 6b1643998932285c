/** Options of a store on PostgreSQL. */
import type { StoreOutage } from "../errors.ts";
import type { CommitListener } from "../store.ts";
import type { PassingTime } from "../../lib/clock.ts";
import type { Siblings } from "../siblings.ts";

export interface PostgresStoreOptions {
  /** As `postgres://user:password@host/database`. */
  readonly url: string;
  /** The same database without a pooler in between; `null`: `url` has none. */
  readonly directUrl?: string | null;
  /** Connections for queries, in addition to the few for hot statements. */
  readonly connections?: number;
  /** Response timeout of PostgreSQL, milliseconds. */
  readonly timeoutMs?: number;
  /** Called when the database becomes unavailable, and with `null` when it is available again. */
  readonly onOutage?: (outage: StoreOutage | null) => void;
  /** Called when the node must stop. */
  readonly onFailure?: (error: Error) => void;
  /** Receives the entries of each commit. */
  readonly listener?: CommitListener;
  /** Clock for the duration of transactions; the system clock by default. */
  readonly time?: PassingTime;
  /** The other threads of this process, each with its own store on this database; `null` by default: there are none. */
  readonly siblings?: Siblings | null;
}
