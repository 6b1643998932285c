import { getHeaders } from "../../domain/endpoint/headers.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointHeadersOut } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getSourceEndpointHeaders = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/headers",
  operationId: "v1.ingest.endpoint.get-headers",
  tag: "Ingest",
  summary: "Get the custom headers of an endpoint of a source",
  description: "Values of headers that carry credentials are not returned; their names are listed in `sensitive`.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestEndpointHeadersOut },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    return ok(await getHeaders({ ctx: scope.ctx, input: { app: scope.app, endpoint: params.endpoint_id } }));
  },
});
