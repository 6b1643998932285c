import { getTransformation as getVerb } from "../../domain/endpoint/transformation.ts";
import { EndpointTransformationOut } from "../models/transformation.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { dateTimeOrNull } from "../wire.ts";

export const getTransformation = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/transformation",
  operationId: "v1.endpoint.transformation.get",
  tag: "Transformation",
  summary: "Get the transformation of an endpoint",
  description: "Code and variables can contain secrets, so reading them requires the capability to change them.",
  access: "ManageTransformations",
  permission: "read",
  responses: { 200: EndpointTransformationOut },
  handle: async ({ ctx, params }) => {
    const { enabled, transformation } = await getVerb({
      ctx,
      input: { app: params.app_id, endpoint: params.endpoint_id },
    });
    return ok({
      code: transformation?.code ?? null,
      enabled,
      variables: transformation?.variables ?? null,
      updatedAt: dateTimeOrNull(transformation?.updatedAt ?? null),
    });
  },
});
