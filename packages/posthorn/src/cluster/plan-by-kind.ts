/** Distribution of shards to nodes if not every node can own every shard. */
import type { ClusterNode, ClusterShard } from "../store/cluster.ts";

export type CanOwn = (node: ClusterNode, shard: number) => boolean;

export interface Distribution {
  readonly shards: readonly ClusterShard[];
  /** Shards without a live owner. */
  readonly free: readonly number[];
  /** Nodes that take shards. */
  readonly takers: readonly ClusterNode[];
  /** Every shard has at least one taker that can own it. */
  readonly canOwn: CanOwn;
}

interface Share {
  readonly node: ClusterNode;
  /** Shards that the node has, and keeps in the plan so far. */
  readonly kept: number[];
  /** Number of those shards, and of those that the node will get. */
  planned: number;
}

/**
 * Gives each shard to a node that can own it, and evens out the shares as far as that allows: no node has two shards more than another one
 * that could own one of them.
 *
 * @param me Id of the node to plan for.
 */
export function planByKind(
  distribution: Distribution,
  me: number,
): { readonly take: readonly number[]; readonly release: readonly number[] } {
  const { shards, free, takers, canOwn } = distribution;
  const shares = takers.map((node): Share => ({ node, kept: [], planned: 0 }));
  const byId = new Map(shares.map((share) => [share.node.id, share]));
  const misplaced: number[] = [];
  for (const { shard, nodeId } of shards) {
    const share = byId.get(nodeId ?? 0);
    if (share === undefined) continue;
    if (!canOwn(share.node, shard)) misplaced.push(shard);
    else share.planned = share.kept.push(shard);
  }
  const owners = new Map([...free, ...misplaced].map((shard) => [shard, ownersOf(shard, shares, canOwn)]));
  const take: number[] = [];
  // Shards that few nodes can own come first, so that the others fill up the shares.
  for (const [shard, able] of [...owners].toSorted(([, a], [, b]) => a.length - b.length)) {
    const least = able.reduce((a, b) => (b.planned < a.planned ? b : a));
    least.planned++;
    if (least.node.id === me && free.includes(shard)) take.push(shard);
  }
  const mine = new Set(shards.filter(({ nodeId }) => nodeId === me).map(({ shard }) => shard));
  const moved = evenOut(shares, canOwn);
  return { take, release: [...misplaced, ...moved].filter((shard) => mine.has(shard)) };
}

function ownersOf(shard: number, shares: readonly Share[], canOwn: CanOwn): readonly Share[] {
  return shares.filter(({ node }) => canOwn(node, shard));
}

/** Moves shards from larger to smaller shares. Returns those that their owners give up. */
function evenOut(shares: readonly Share[], canOwn: CanOwn): readonly number[] {
  const moved: number[] = [];
  for (let move = nextMove(shares, canOwn); move !== null; move = nextMove(shares, canOwn)) {
    const { from, to, shard } = move;
    from.kept.splice(from.kept.indexOf(shard), 1);
    from.planned--;
    to.planned++;
    moved.push(shard);
  }
  return moved;
}

function nextMove(
  shares: readonly Share[],
  canOwn: CanOwn,
): { readonly from: Share; readonly to: Share; readonly shard: number } | null {
  const largestFirst = shares.toSorted((a, b) => b.planned - a.planned || a.node.id - b.node.id);
  for (const from of largestFirst) {
    for (const to of largestFirst.toReversed()) {
      if (from.planned - to.planned < 2) break;
      const shard = from.kept.findLast((one) => canOwn(to.node, one));
      if (shard !== undefined) return { from, to, shard };
    }
  }
  return null;
}
