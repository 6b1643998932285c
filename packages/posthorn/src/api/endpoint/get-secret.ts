import { getSecret as getVerb } from "../../domain/endpoint/secret.ts";
import { EndpointSecretOut } from "../models/endpoint.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getSecret = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id/secret",
  operationId: "v1.endpoint.get-secret",
  tag: "Endpoint",
  summary: "Get the signing secret of an endpoint",
  description: "Receivers verify signatures with it. For an Ed25519 key, only the public key is returned.",
  access: "ViewEndpointSecret",
  permission: "secrets:read",
  responses: { 200: EndpointSecretOut },
  handle: async ({ ctx, params }) =>
    ok({ key: await getVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } }) }),
});
