import { setHeaders } from "../../domain/endpoint/headers.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { OperationalWebhookEndpointHeadersIn } from "../models/operational-webhook.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const setOperationalHeaders = defineRoute({
  method: "PUT",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id/headers",
  operationId: "v1.operational-webhook.endpoint.set-headers",
  tag: "Operational Webhook",
  summary: "Replace the custom headers of an operational webhook endpoint",
  description: "Removes all headers that the request does not contain.",
  access: "organisation",
  permission: "settings:write",
  body: OperationalWebhookEndpointHeadersIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    const call = await operationalCall(ctx, params.endpoint_id);
    await setHeaders({ ctx: call.ctx, input: { ...call.input, headers: body.headers } });
    return noContent();
  },
});
