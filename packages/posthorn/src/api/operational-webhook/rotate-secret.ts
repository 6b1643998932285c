import { rotateSecret } from "../../domain/endpoint/secret.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { rotationOf } from "../inputs.ts";
import { OperationalWebhookEndpointSecretIn } from "../models/operational-webhook.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const rotateOperationalSecret = defineRoute({
  method: "POST",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id/secret/rotate",
  operationId: "v1.operational-webhook.endpoint.rotate-secret",
  tag: "Operational Webhook",
  summary: "Rotate the signing secret of an operational webhook endpoint",
  description:
    "The previous secret keeps signing until its grace period ends, so receivers can switch without downtime.",
  access: "organisation",
  permission: "settings:write",
  body: OperationalWebhookEndpointSecretIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const call = await operationalCall(ctx, params.endpoint_id);
    await rotateSecret({ ctx: call.ctx, input: { ...call.input, ...rotationOf(body) } });
    return noContent();
  },
});
