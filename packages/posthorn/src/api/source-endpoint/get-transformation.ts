import { getTransformation } from "../../domain/endpoint/transformation.ts";
import { scopeOf } from "../../domain/source/endpoints.ts";
import { IngestEndpointTransformationOut } from "../models/source-endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getSourceTransformation = defineRoute({
  method: "GET",
  path: "/ingest/api/v1/source/:source_id/endpoint/:endpoint_id/transformation",
  operationId: "v1.ingest.endpoint.transformation.get",
  tag: "Ingest",
  summary: "Get the transformation of an endpoint of a source",
  description: "Returns the code, and whether it is enabled.",
  access: "organisation",
  permission: "read",
  responses: { 200: IngestEndpointTransformationOut },
  handle: async ({ ctx, params }) => {
    const scope = await scopeOf(ctx, params.source_id);
    const input = { app: scope.app, endpoint: params.endpoint_id };
    const { enabled, transformation } = await getTransformation({ ctx: scope.ctx, input });
    return ok({ code: transformation?.code ?? null, enabled, variables: transformation?.variables ?? null });
  },
});
