import { deleteWatch as deleteVerb } from "../../domain/watch/save.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const deleteWatch = defineRoute({
  method: "DELETE",
  path: "/api/v1/app/:app_id/watch/:watch_id",
  operationId: "v1.watch.delete",
  tag: "Watch",
  summary: "Delete a watch",
  description: "Published events are kept.",
  access: "ManageWatch",
  permission: "watches:write",
  responses: { 204: null },
  handle: async ({ ctx, params }) => {
    await deleteVerb({ ctx, input: { app: params.app_id, watch: params.watch_id } });
    return noContent();
  },
});
