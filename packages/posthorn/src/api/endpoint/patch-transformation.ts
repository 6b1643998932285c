import { patchTransformation as patchVerb } from "../../domain/endpoint/transformation.ts";
import { EndpointTransformationPatch } from "../models/transformation.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const patchTransformation = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/transformation",
  operationId: "v1.endpoint.transformation.patch",
  tag: "Transformation",
  summary: "Update the transformation of an endpoint",
  description:
    "Code that does not compile is refused. The change applies from the next attempt, including retries of earlier messages.",
  access: "ManageTransformations",
  permission: "endpoints:write",
  body: EndpointTransformationPatch,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await patchVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id, change: body } });
    return noContent();
  },
});
