import { getSecret } from "../../domain/endpoint/secret.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointSecretOut } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getSourceEndpointSecret = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/secret",
  operationId: "v1.ingest.endpoint.get-secret",
  tag: "Ingest",
  summary: "Get the signing secret of an endpoint of a source",
  description: "Receivers verify signatures with it.",
  access: "organisation",
  permission: "secrets:read",
  responses: { 200: IngestEndpointSecretOut },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    return ok({ key: await getSecret({ ctx: scope.ctx, input: { app: scope.app, endpoint: params.endpoint_id } }) });
  },
});
