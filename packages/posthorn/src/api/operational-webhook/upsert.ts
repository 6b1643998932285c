import { upsertEndpoint } from "../../domain/endpoint/update.ts";
import { ensureOperationalApplication } from "../../domain/operational/application.ts";
import { OPERATIONAL_UID } from "../../domain/operational/operational.ts";
import { endpointInput } from "../inputs.ts";
import { OperationalWebhookEndpointOut, OperationalWebhookEndpointUpsertIn } from "../models/operational-webhook.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const upsertOperationalEndpoint = defineRoute({
  method: "PUT",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id",
  operationId: "v1.operational-webhook.endpoint.upsert",
  tag: "Operational Webhook",
  summary: "Replace or create an operational webhook endpoint",
  description:
    "Omitted fields are reset to their defaults; secret and headers are kept. If no endpoint has this id or uid, a new one is created.",
  access: "organisation",
  permission: "settings:write",
  body: OperationalWebhookEndpointUpsertIn,
  responses: { 200: OperationalWebhookEndpointOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: OPERATIONAL_UID, endpoint: params.endpoint_id, fields: endpointInput(body) };
    const { endpoint } = await upsertEndpoint({ ctx: await ensureOperationalApplication(ctx), input });
    return ok(operationalEndpointOut(endpoint));
  },
});
