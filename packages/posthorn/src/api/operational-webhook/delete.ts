import { deleteEndpoint } from "../../domain/endpoint/delete.ts";
import { operationalCall } from "../../domain/operational/application.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteOperationalEndpoint = defineRoute({
  method: "DELETE",
  path: "/api/v1/operational-webhook/endpoint/:endpoint_id",
  operationId: "v1.operational-webhook.endpoint.delete",
  tag: "Operational Webhook",
  summary: "Delete an operational webhook endpoint",
  description: "Its pending deliveries are canceled.",
  access: "organisation",
  permission: "settings:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteEndpoint(await operationalCall(ctx, params.endpoint_id));
    return noContent();
  },
});
