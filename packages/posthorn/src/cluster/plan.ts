/** Distribution of shards to nodes. Nodes that see the same cluster view compute the same distribution. */
import type { ClusterNode, ClusterView } from "../store/cluster.ts";
import { type KindView, ownersByKind, nodesTakingShards } from "./kinds.ts";
import { planByKind } from "./plan-by-kind.ts";

export interface Plan {
  /** Shards to take: shards without an owner, or owned by a node with an expired lease. */
  readonly take: readonly number[];
  /** Nodes with an expired lease. */
  readonly expired: readonly number[];
  /** Number of shards to give up to other nodes. */
  readonly surplus: number;
  /** Shards to give up because another node can send to all kinds of destinations in them, or must have them to get its share. */
  readonly release: readonly number[];
}

/**
 * Plans the next step of a node. Shares differ by one shard at most; nodes that own the most get the larger shares, so that as few shards
 * as possible move. A node that cannot send to a kind of destination leaves the shards with endpoints of this kind to nodes that can.
 *
 * @param me Id of the node to plan for.
 */
export function planFor(view: KindView, me: number): Plan {
  const live = view.nodes.filter((node) => isLive(node));
  const ids = new Set(live.map(({ id }) => id));
  const free = view.shards.filter(({ nodeId }) => nodeId === null || !ids.has(nodeId)).map(({ shard }) => shard);
  const takers = nodesTakingShards(view);
  const expired = view.nodes.filter((node) => !isLive(node)).map(({ id }) => id);
  const canOwn = ownersByKind(view, takers);
  if (canOwn !== null && takers.some(({ id }) => id === me)) {
    return { expired, surplus: 0, ...planByKind({ shards: view.shards, free, takers, canOwn }, me) };
  }
  return { expired, release: [], ...planByQuota(view, { free, takers, me }) };
}

function planByQuota(
  view: ClusterView,
  {
    free,
    takers,
    me,
  }: { readonly free: readonly number[]; readonly takers: readonly ClusterNode[]; readonly me: number },
): Pick<Plan, "take" | "surplus"> {
  const shares = takers.map(({ id }) => ({ id, has: sharesOf(view, id) }));
  const quotas = quotasOf(shares, view.shards.length);
  let place = 0;
  for (const { id, has } of shares) {
    const missing = Math.max(0, quotas.get(id)! - has);
    if (id === me) return { take: free.slice(place, place + missing), surplus: Math.max(0, has - quotas.get(id)!) };
    place += missing;
  }
  return { take: [], surplus: sharesOf(view, me) };
}

function isLive({ leaseMs }: ClusterNode): boolean {
  return leaseMs > 0;
}

function sharesOf({ shards }: ClusterView, id: number): number {
  return shards.filter(({ nodeId }) => nodeId === id).length;
}

function quotasOf(
  takers: readonly { readonly id: number; readonly has: number }[],
  shards: number,
): Map<number, number> {
  const least = Math.floor(shards / takers.length);
  const odd = shards % takers.length;
  const byShare = takers.toSorted((a, b) => b.has - a.has || a.id - b.id);
  return new Map(byShare.map(({ id }, index) => [id, index < odd ? least + 1 : least]));
}
