import { getSecret } from "../../domain/endpoint/secret.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { OperationalWebhookEndpointSecretOut } from "../models/operational-webhook.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getOperationalSecret = defineRoute({
  method: "GET",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id/secret",
  operationId: "v1.operational-webhook.endpoint.get-secret",
  tag: "Operational Webhook",
  summary: "Get the signing secret of an operational webhook endpoint",
  description: "Receivers verify signatures with it.",
  access: "organisation",
  permission: "secrets:read",
  responses: { 200: OperationalWebhookEndpointSecretOut },
  handle: async ({ ctx, params }) => ok({ key: await getSecret(await operationalCall(ctx, params.endpoint_id)) }),
});
