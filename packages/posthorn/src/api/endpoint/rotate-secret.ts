import { rotateSecret as rotateVerb } from "../../domain/endpoint/secret.ts";
import { rotationOf } from "../inputs.ts";
import { EndpointSecretRotateIn } from "../models/endpoint.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const rotateSecret = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/secret/rotate",
  operationId: "v1.endpoint.rotate-secret",
  tag: "Endpoint",
  summary: "Rotate the signing secret of an endpoint",
  description: "The secret before signs as well until its grace period ends: receivers can change over without a gap.",
  access: "ManageEndpointSecret",
  body: EndpointSecretRotateIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...rotationOf(body) };
    await rotateVerb({ ctx, input });
    return noContent();
  },
});
