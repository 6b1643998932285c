import { deleteApplication as deleteVerb } from "../../domain/application/delete.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteApplication = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id",
  operationId: "v1.application.delete",
  tag: "Application",
  summary: "Delete an application",
  description: "Also deletes its endpoints and cancels their pending deliveries.",
  access: "organisation",
  permission: "applications:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { ref: params.app_id } });
    return noContent();
  },
});
