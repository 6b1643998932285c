/** How endpoints, and whatever else has one owner at a time, are spread over shards. */

/** Fixed for good: nodes must agree on it. Enough that a dozen nodes get even shares, few enough that a batch of outcomes names them all. */
export const SHARDS = 64;

/** Nodes at a time: each makes keys in a class of its own. */
export const MAX_NODES = 64;

/** Whether the row with this key, an endpoint or a task, is in one of some shards. */
export type InShards = (key: number) => boolean;

/** The shard of a row key. The keys of one node, or of one moment, fall everywhere. */
export function shardOf(key: number): number {
  let mixed = Math.imul((key >>> 0) ^ Math.imul(Math.floor(key / 2 ** 32), 0x9e_37_79_b1), 0x85_eb_ca_6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2_b2_ae_35);
  mixed ^= mixed >>> 16;
  return (mixed >>> 0) % SHARDS;
}
