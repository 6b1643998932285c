import { rotateSecret as rotateVerb } from "../../domain/endpoint/secret.ts";
import { isAtLeast, libraryVersion } from "../client-library.ts";
import { rotationOf } from "../inputs.ts";
import { EndpointSecretOut, EndpointSecretRotateIn } from "../models/endpoint.ts";
import { noContent, ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const rotateSecret = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/secret/rotate",
  operationId: "v1.endpoint.rotate-secret",
  tag: "Endpoint",
  summary: "Rotate the signing secret of an endpoint",
  description:
    "The previous secret keeps signing until its grace period ends, so receivers can switch without downtime. " +
    "Client libraries that expect the new secret in the response, recognised by their `User-Agent`, get it with status 200. " +
    "Every other client gets 204.",
  access: "ManageEndpointSecret",
  permission: "endpoints:write",
  body: EndpointSecretRotateIn,
  responses: { 200: EndpointSecretOut, 204: null },
  handle: async ({ ctx, params, body, userAgent }) => {
    const input = { app: params.app_id, endpoint: params.endpoint_id, ...rotationOf(body) };
    const key = await rotateVerb({ ctx, input });
    // Older libraries fail if there is a body, newer ones if there is none.
    return isAtLeast(libraryVersion(userAgent), 2, 7) ? ok({ key }) : noContent();
  },
});
