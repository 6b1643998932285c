/** Membership slots of the nodes that share a database. Shared by both databases. */
import type { NodeFacts } from "./cluster.ts";
import { StoreError } from "./errors.ts";
import { MAX_NODES } from "./shards.ts";

/** A slot that a node holds, or has held. */
export interface TakenSlot {
  readonly slot: number;
  readonly host: string;
  readonly secretsMark: string;
  /** The lease of the node has not ended. */
  readonly live: boolean;
}

/**
 * Picks a free slot, starting at a random place. The lowest free slot would often be one that was released just now, by a node that may
 * have had a clock ahead of the others, and a slot is part of every ID that its node generates.
 *
 * @param random A number from 0 to below 1.
 */
export function freeSlot(others: readonly TakenSlot[], random: number): number {
  const taken = new Set(others.map(({ slot }) => slot));
  const start = Math.floor(random * MAX_NODES);
  for (let step = 0; step < MAX_NODES; step++) {
    const slot = (start + step) % MAX_NODES;
    if (!taken.has(slot)) return slot;
  }
  throw new StoreError(
    "config_invalid",
    `${MAX_NODES} nodes already work on this database, which is the maximum. Each thread of a process is one: stop a process, or set POSTHORN_THREADS lower.`,
  );
}

/** Throws when a live node uses another secret than this one. */
export function checkSecrets({ secretsMark }: NodeFacts, others: readonly TakenSlot[]): void {
  const stranger = others.find((other) => other.live && other.secretsMark !== secretsMark);
  if (stranger === undefined) return;
  throw new StoreError(
    "config_invalid",
    `The node on ${stranger.host} uses this database with a different POSTHORN_JWT_SECRET. Set the same value on all nodes.`,
  );
}
