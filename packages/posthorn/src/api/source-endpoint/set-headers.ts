import { setHeaders } from "../../domain/endpoint/headers.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointHeadersIn } from "../models/source-endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setSourceEndpointHeaders = defineRoute({
  method: "PUT",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/headers",
  operationId: "v1.ingest.endpoint.update-headers",
  tag: "Ingest",
  summary: "Replace the custom headers of an endpoint of a source",
  description: "They replace request headers of the same name.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointHeadersIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { app: scope.app, endpoint: params.endpoint_id, headers: body.headers };
    await setHeaders({ ctx: scope.ctx, input });
    return noContent();
  },
});
