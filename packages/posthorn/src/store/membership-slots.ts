/** Who may sit where among the nodes of a database. The same for every database. */
import { StoreError } from "./errors.ts";
import type { NodeFacts } from "./cluster.ts";
import { MAX_NODES } from "./shards.ts";

/** A seat that is taken. */
export interface TakenSeat {
  readonly slot: number;
  readonly host: string;
  readonly secretsMark: string;
  /** Its time is not over. */
  readonly live: boolean;
}

/**
 * Any, and not the next one: who had that may have a clock that is ahead of the others.
 *
 * @param random A number from 0 to below 1.
 */
export function freeSlot(others: readonly TakenSeat[], random: number): number {
  const taken = new Set(others.map(({ slot }) => slot));
  const start = Math.floor(random * MAX_NODES);
  for (let step = 0; step < MAX_NODES; step++) {
    const slot = (start + step) % MAX_NODES;
    if (!taken.has(slot)) return slot;
  }
  throw new StoreError("config_invalid", `${MAX_NODES} nodes work on this database, which is as many as can.`);
}

/** Throws when a node that is there has other secrets. */
export function checkSecrets({ secretsMark }: NodeFacts, others: readonly TakenSeat[]): void {
  const stranger = others.find((other) => other.live && other.secretsMark !== secretsMark);
  if (stranger === undefined) return;
  throw new StoreError(
    "config_invalid",
    `The node on ${stranger.host} that works on this database has other secrets: give all nodes the same POSTHORN_JWT_SECRET and POSTHORN_ENCRYPTION_KEY.`,
  );
}
