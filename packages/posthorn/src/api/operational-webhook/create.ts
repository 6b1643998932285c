import { createEndpoint } from "../../domain/endpoint/create.ts";
import { ensureOperationalApplication } from "../../domain/operational/application.ts";
import { OPERATIONAL_UID } from "../../domain/operational/operational.ts";
import { endpointInput } from "../inputs.ts";
import { OperationalWebhookEndpointIn, OperationalWebhookEndpointOut } from "../models/operational-webhook.ts";
import { created } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { operationalEndpointOut } from "../wire.ts";

export const createOperationalEndpoint = defineRoute({
  method: "POST",
  path: "/api/v1/operational-webhook/endpoint",
  operationId: "v1.operational-webhook.endpoint.create",
  tag: "Operational Webhook",
  summary: "Create an operational webhook endpoint",
  description: "The endpoint receives signed webhooks about endpoints and messages of the organisation.",
  access: "organisation",
  permission: "settings:write",
  body: OperationalWebhookEndpointIn,
  responses: { 201: OperationalWebhookEndpointOut },
  handle: async ({ ctx, body }) => {
    const input = {
      ...endpointInput(body),
      app: OPERATIONAL_UID,
      secret: body.secret ?? null,
      headers: body.headers ?? {},
    };
    const endpoint = await createEndpoint({ ctx: await ensureOperationalApplication(ctx), input });
    return created(operationalEndpointOut(endpoint));
  },
});
