import { getHeaders } from "../../domain/endpoint/headers.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { OperationalWebhookEndpointHeadersOut } from "../models/operational-webhook.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const getOperationalHeaders = defineRoute({
  method: "GET",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id/headers",
  operationId: "v1.operational-webhook.endpoint.get-headers",
  tag: "Operational Webhook",
  summary: "Get the custom headers of an operational webhook endpoint",
  description: "Values of headers that carry credentials are not returned; their names are listed in `sensitive`.",
  access: "organisation",
  permission: "read",
  responses: { 200: OperationalWebhookEndpointHeadersOut },
  handle: async ({ ctx, params }) => ok(await getHeaders(await operationalCall(ctx, params.endpoint_id))),
});
