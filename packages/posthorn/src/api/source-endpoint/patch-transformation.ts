import { patchTransformation } from "../../domain/endpoint/transformation.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointTransformationPatch } from "../models/source-endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchSourceTransformation = defineRoute({
  method: "PATCH",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/transformation",
  operationId: "v1.ingest.endpoint.transformation.patch",
  tag: "Ingest",
  summary: "Update the transformation of an endpoint of a source",
  description: "Code that cannot run is rejected. Takes effect with the next attempt.",
  access: "organisation",
  permission: "sources:write",
  body: IngestEndpointTransformationPatch,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { app: scope.app, endpoint: params.endpoint_id, change: body };
    await patchTransformation({ ctx: scope.ctx, input });
    return noContent();
  },
});
