import { getEndpoint } from "../../domain/endpoint/find.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointOut } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const getSourceEndpoint = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id",
  operationId: "v1.ingest.endpoint.get",
  tag: "Ingest",
  summary: "Get an endpoint of a source",
  description: "Finds the endpoint by its ID or UID.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestEndpointOut },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const { endpoint } = await getEndpoint(scope.ctx, { app: scope.app, endpoint: params.endpoint_id });
    return ok(operationalEndpointOut(endpoint));
  },
});
