import { getGraph } from "../../domain/source/graph.ts";
import { IngestGraphOut } from "../models/source-event.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const sourceGraph = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/graph",
  operationId: "v1.ingest.source.graph",
  tag: "Ingest",
  summary: "Get the routes of a source as a graph",
  description:
    "Nodes and edges: the source and, for each endpoint, its filter, its transformation and the endpoint itself.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestGraphOut },
  handle: async ({ ctx, params }) => ok(await getGraph({ ctx, input: { source: params.source_id } })),
});
