/** Determines which nodes can send to which kinds of destinations, and can therefore own shards with endpoints of these kinds. */
import type { ClusterNode, ClusterShard, ClusterView, KindsByShard } from "../store/cluster.ts";
import type { CanOwn } from "./plan-by-kind.ts";

/** A view with the kinds of the endpoints in each shard, limited to those that not all nodes can send to. */
export interface KindView extends ClusterView {
  readonly kinds: KindsByShard;
}

/** Properties of a node that decide whether it takes shards, and of which kinds. */
export interface SendingNode extends Pick<ClusterNode, "id" | "leaseMs" | "kinds"> {
  readonly report: Pick<ClusterNode["report"], "draining">;
}

/** The part of a view that decides who sends to an endpoint. */
export interface SendingView {
  readonly nodes: readonly SendingNode[];
  readonly shards: readonly Pick<ClusterShard, "shard" | "nodeId">[];
  readonly kinds: KindsByShard;
}

/** Nodes that take shards. */
export function nodesTakingShards<Node extends SendingNode>({
  nodes,
}: {
  readonly nodes: readonly Node[];
}): readonly Node[] {
  return nodes.filter(({ leaseMs, report }) => leaseMs > 0 && !report.draining);
}

/** Kinds that some of the nodes that take shards can send to and others cannot. Only these affect which node owns a shard. */
export function contestedKinds(view: ClusterView): readonly string[] {
  const takers = nodesTakingShards(view);
  // With a node of an earlier version, the plan ignores kinds.
  if (takers.some(({ kinds }) => kinds === null)) return [];
  return [...sendableBy(takers)].filter((kind) => !takers.every((node) => canSend(node, kind))).toSorted();
}

/** Which node can own which shard; `null`: each one can own all. */
export function ownersByKind({ shards, kinds }: KindView, takers: readonly ClusterNode[]): CanOwn | null {
  // A node of an earlier version plans without kinds. It would leave shards without an owner that this plan gives to it.
  if (kinds.size === 0 || takers.some((node) => node.kinds === null)) return null;
  const sendable = sendableBy(takers);
  const canSendAll = (node: ClusterNode, shard: number): boolean =>
    [...(kinds.get(shard) ?? [])].every((kind) => !sendable.has(kind) || canSend(node, kind));
  // If no node can send to all kinds of a shard, any node sends to the remaining ones.
  const contested = shards.filter(({ shard }) => takers.some((node) => canSendAll(node, shard)));
  const restricted = new Set(contested.map(({ shard }) => shard));
  const canOwn: CanOwn = (node, shard) => !restricted.has(shard) || canSendAll(node, shard);
  return takers.every((node) => shards.every(({ shard }) => canOwn(node, shard))) ? null : canOwn;
}

/**
 * Whether deliveries to endpoints of a kind in a shard are sent: its owner can send them, or the plan moves the shard to a node that can.
 *
 * @param shard `null`: whether some node sends to the kind, for example to an endpoint that does not exist yet.
 * @returns `null` if no node takes shards.
 */
export function isSentTo(view: SendingView, kind: string, shard: number | null): boolean | null {
  const takers = nodesTakingShards(view);
  if (takers.length === 0) return null;
  if (takers.every((node) => canSend(node, kind))) return true;
  if (takers.some(({ kinds }) => kinds === null)) return shard !== null && isOwnerAble(view, takers, { kind, shard });
  if (shard === null) return takers.some((node) => canSend(node, kind));
  const sendable = sendableBy(takers);
  const needed = [kind, ...[...(view.kinds.get(shard) ?? [])].filter((other) => sendable.has(other))];
  if (takers.some((node) => needed.every((one) => canSend(node, one)))) return true;
  return isOwnerAble(view, takers, { kind, shard });
}

function isOwnerAble(
  { shards }: SendingView,
  takers: readonly SendingNode[],
  { kind, shard }: { readonly kind: string; readonly shard: number },
): boolean {
  const ownerId = shards.find((one) => one.shard === shard)?.nodeId;
  const owner = takers.find(({ id }) => id === ownerId);
  return owner !== undefined && canSend(owner, kind);
}

function canSend({ kinds }: SendingNode, kind: string): boolean {
  return kinds?.includes(kind) ?? false;
}

function sendableBy(takers: readonly SendingNode[]): ReadonlySet<string> {
  return new Set(takers.flatMap(({ kinds }) => kinds ?? []));
}
