import { getEndpoint } from "../../domain/endpoint/find.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { OperationalWebhookEndpointOut } from "../models/operational-webhook.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const getOperationalEndpoint = defineRoute({
  method: "GET",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id",
  operationId: "v1.operational-webhook.endpoint.get",
  tag: "Operational Webhook",
  summary: "Get an operational webhook endpoint",
  description: "Finds the endpoint by its ID or UID.",
  access: "organisation",
  permission: "read",
  responses: { 200: OperationalWebhookEndpointOut },
  handle: async ({ ctx, params }) => {
    const call = await operationalCall(ctx, params.endpoint_id);
    const { endpoint } = await getEndpoint(call.ctx, call.input);
    return ok(operationalEndpointOut(endpoint));
  },
});
