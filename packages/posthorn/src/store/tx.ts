/** Write transaction of a store. */
import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";
import type { Signal } from "./signal.ts";

/** A transaction for writes of resources. */
export interface Tx {
  readonly db: Kysely<Database>;
  /** Sends signals to every node after the commit, in this order. If the transaction fails, none are sent. */
  readonly signal: (...signals: readonly Signal[]) => void;
}
