import { getCluster as getClusterVerb } from "../../domain/cluster/get.ts";
import { ClusterOut } from "../models/cluster.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTime } from "../wire.ts";

export const getCluster = defineRoute({
  method: "GET",
  path: "/api/v1/cluster",
  operationId: "v1.cluster.get",
  tag: "Cluster",
  summary: "List the nodes of the server and their work",
  description: "Covers the whole server. With SQLite there is one node, which owns everything.",
  access: "organisation",
  permission: "read",
  responses: { 200: ClusterOut },
  handle: async ({ ctx }) => {
    const { at, nodes, shards, lagMs } = await getClusterVerb({ ctx, input: null });
    return ok({
      at: dateTime(at),
      nodes: nodes.map(({ startedAt, seenAt, report, ...node }) => ({
        ...node,
        startedAt: dateTime(startedAt),
        lastSeenAt: dateTime(seenAt),
        inFlight: report.inFlight,
        lanes: report.lanes,
        lagSeconds: report.lagMs / 1000,
      })),
      shards: shards.map(({ shard, nodeId }) => ({ shard, node: nodeId })),
      lagSeconds: lagMs / 1000,
    });
  },
});
