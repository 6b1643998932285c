import { type TSchema, Type } from "typebox";
import { NODE_STATES } from "../../domain/cluster/get.ts";
import { DateTime, nullable } from "./common.ts";

const NodeOut = Type.Object({
  id: Type.Integer({ description: "Never used again: a node that starts again has another one." }),
  host: Type.String(),
  version: Type.String(),
  state: Type.Union(
    NODE_STATES.map((state) => Type.Literal(state)),
    { description: "`silent`: it has not been heard of for so long that the others take its shards." },
  ),
  answers: Type.Boolean({ description: "It is the one that answers this call." }),
  startedAt: DateTime,
  lastSeenAt: DateTime,
  shards: Type.Integer({ description: "As many it has." }),
  inFlight: Type.Integer({ description: "Attempts under way." }),
  lanes: Type.Integer({ description: "Endpoints that it has something to do for." }),
  lagSeconds: Type.Number({
    description: "For how long the delivery has waited that has waited longest for its turn here.",
  }),
});

export const ClusterOut = Type.Object(
  {
    at: DateTime,
    nodes: Type.Array(NodeOut),
    shards: Type.Array(
      Type.Object({
        shard: Type.Integer(),
        node: nullable(Type.Integer({ description: "Null: nobody has it just now." })),
      }),
    ),
    lagSeconds: Type.Number({ description: "The greatest of all nodes. What is held or paused does not count." }),
  },
  { $id: "ClusterOut", description: "Times are those of the database." },
);

export const CLUSTER_MODELS: readonly TSchema[] = [ClusterOut];
