/** Computes settled keys: up to these, every row is on disk or will never be written. */
import type { Cluster } from "../cluster/cluster.ts";
import type { SettledKeys } from "../domain/stats/roll-up.ts";
import type { IdGenerator } from "../lib/id.ts";
import type { Store } from "../store/store.ts";

export interface SettledKeysOptions {
  readonly store: Pick<Store, "lowestWaiting">;
  readonly cluster: Pick<Cluster, "settledByOthers">;
  readonly ids: Pick<IdGenerator, "settle">;
  /** Key up to which the attempts of this node are settled. */
  readonly attempts: () => number;
}

/** Settled keys of this node. */
export function settledHere({ store, ids, attempts }: Omit<SettledKeysOptions, "cluster">): SettledKeys {
  const last = ids.settle();
  const lowest = store.lowestWaiting();
  return { messages: lowest === null ? last : lowest - 1, attempts: attempts() };
}

/** Settled keys of the cluster. */
export async function settledEverywhere(options: SettledKeysOptions): Promise<SettledKeys> {
  // This node's keys are read first, because keys it generates while it waits for the others are greater.
  const own = settledHere(options);
  const others = await options.cluster.settledByOthers();
  return {
    messages: Math.min(own.messages, others.messages),
    attempts: Math.min(own.attempts, others.attempts),
  };
}
