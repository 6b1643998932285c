/** Write transactions whose signals every thread of the process applies before they are reported as committed. */
import type { Kysely } from "kysely";
import type { Database } from "../../schema.ts";
import type { Siblings } from "../../siblings.ts";
import type { Signal } from "../../signal.ts";
import { type Transacting, transactOn } from "../../transaction.ts";
import type { Tx } from "../../tx.ts";

export class SharedTransactions {
  readonly #siblings: Siblings;
  /** Those with signals that are being committed, until all threads have applied these. */
  readonly #committing = new Set<Promise<void>>();

  constructor(siblings: Siblings) {
    this.#siblings = siblings;
    siblings.onCatchUp(async () => void (await Promise.all(this.#committing)));
  }

  async run<T>(db: Kysely<Database>, options: Transacting, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let unsent: readonly Signal[] = [];
    const beforeCommit = (signals: readonly Signal[]): Promise<void> => {
      unsent = signals;
      this.#committing.add(promise);
      return Promise.resolve();
    };
    const committed = (signals: readonly Signal[]): Promise<void> => {
      unsent = [];
      void options.committed(signals);
      return this.#siblings.tell(signals);
    };
    try {
      return await transactOn(db, { ...options, beforeCommit, committed }, work);
    } finally {
      // A commit that failed may have taken place nevertheless.
      if (unsent.length > 0) await this.#siblings.tell(unsent);
      this.#committing.delete(promise);
      resolve();
    }
  }
}
