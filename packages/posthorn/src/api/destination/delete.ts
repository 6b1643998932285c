import { deleteDestination as deleteVerb } from "../../domain/destination/destination.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteDestination = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/destination/:destination_id",
  operationId: "v1.destination.delete",
  tag: "Destination",
  summary: "Delete a destination",
  description: "Its attempts remain visible. Pending deliveries are canceled.",
  access: "ManageEndpoint",
  permission: "endpoints:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { app: params.app_id, endpoint: params.destination_id } });
    return noContent();
  },
});
