import type { ClusterNode, ClusterView } from "../../store/cluster.ts";
import type { OutsideCall } from "../context.ts";

/** `working`; `draining`: it is giving up its shards; `silent`: its lease has expired, so that other nodes may take its shards. */
export const NODE_STATES = ["working", "draining", "silent"] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** Times are Unix milliseconds by the clock of the database. */
export interface ClusterState {
  readonly at: number;
  readonly nodes: readonly NodeInCluster[];
  readonly shards: readonly ShardInCluster[];
  /** How long the oldest pending delivery has been waiting. */
  readonly lagMs: number;
}

export interface NodeInCluster extends Omit<ClusterNode, "leaseMs"> {
  readonly state: NodeState;
  /** Whether this node serves the current request. */
  readonly current: boolean;
  readonly shards: number;
}

export interface ShardInCluster {
  readonly shard: number;
  /** `null`: no node owns it at the moment. */
  readonly nodeId: number | null;
}

/** Returns the nodes of the cluster and the owners of its shards. */
export async function getCluster({ ctx }: OutsideCall<null>): Promise<ClusterState> {
  const { cluster } = ctx.services;
  const view = await cluster.view();
  const known = new Set(view.nodes.map(({ id }) => id));
  return {
    at: view.at,
    nodes: view.nodes.map((node) => inCluster(node, view, cluster.id)),
    shards: view.shards.map(({ shard, nodeId }) => ({
      shard,
      nodeId: nodeId !== null && known.has(nodeId) ? nodeId : null,
    })),
    lagMs: Math.max(0, ...view.nodes.map(({ report }) => report.lagMs)),
  };
}

function inCluster({ leaseMs, ...node }: ClusterNode, { shards }: ClusterView, currentId: number): NodeInCluster {
  const working = node.report.draining ? "draining" : "working";
  return {
    ...node,
    state: leaseMs > 0 ? working : "silent",
    current: node.id === currentId,
    shards: shards.filter(({ nodeId }) => nodeId === node.id).length,
  };
}
