import { deleteEndpoint as deleteVerb } from "../../domain/endpoint/delete.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteEndpoint = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/endpoint/:endpoint_id",
  operationId: "v1.endpoint.delete",
  tag: "Endpoint",
  summary: "Delete an endpoint",
  description: "Its attempts remain visible. Pending deliveries are canceled.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { app: params.app_id, endpoint: params.endpoint_id } });
    return noContent();
  },
});
