import { type TSchema, Type } from "typebox";
import { NODE_STATES } from "../../domain/cluster/get.ts";
import { DateTime, nullable } from "./common.ts";

const NodeOut = Type.Object({
  id: Type.Integer({ description: "Never reused: a node gets a new number at each start." }),
  host: Type.String(),
  thread: nullable(
    Type.Integer({ description: "Number of the thread in its process. Null: the process never has more than one." }),
  ),
  version: Type.String(),
  state: Type.Union(
    NODE_STATES.map((state) => Type.Literal(state)),
    { description: "`silent`: the node has not reported for so long that other nodes take over its shards." },
  ),
  current: Type.Boolean({ description: "Whether this node handled the request." }),
  startedAt: DateTime,
  lastSeenAt: DateTime,
  shards: Type.Integer({ description: "Number of shards it owns." }),
  inFlight: Type.Integer({ description: "Attempts in flight." }),
  lanes: Type.Integer({ description: "Endpoints with queued or running deliveries." }),
  lagSeconds: Type.Number({
    description: "How long the oldest queued delivery on this node has been waiting.",
  }),
});

export const ClusterOut = Type.Object(
  {
    at: DateTime,
    nodes: Type.Array(NodeOut),
    shards: Type.Array(
      Type.Object({
        shard: Type.Integer(),
        node: nullable(Type.Integer({ description: "Null: no node owns the shard at the moment." })),
      }),
    ),
    lagSeconds: Type.Number({
      description: "The maximum over all nodes. Paused endpoints and deliveries on hold do not count.",
    }),
  },
  { $id: "ClusterOut", description: "Times are those of the database server." },
);

export const CLUSTER_MODELS: readonly TSchema[] = [ClusterOut];
