import { rotateSecret } from "../../domain/endpoint/secret.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { rotationOf } from "../inputs.ts";
import { IngestEndpointSecretIn } from "../models/source-endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const rotateSourceEndpointSecret = defineRoute({
  method: "POST",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/secret/rotate",
  operationId: "v1.ingest.endpoint.rotate-secret",
  tag: "Ingest",
  summary: "Rotate the signing secret of an endpoint of a source",
  description: "The previous secret also signs until its grace period ends.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointSecretIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { app: scope.app, endpoint: params.endpoint_id, ...rotationOf(body) };
    await rotateSecret({ ctx: scope.ctx, input });
    return noContent();
  },
});
