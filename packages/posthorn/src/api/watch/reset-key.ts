import { resetKey } from "../../domain/watch/save.ts";
import { WatchResetIn } from "../models/watch.ts";
import { noContent } from "../reply.ts";
import { defineRoute } from "../route.ts";

export const resetWatchKey = defineRoute({
  method: "POST",
  path: "/api/v1/app/:app_id/watch/:watch_id/reset",
  operationId: "v1.watch.key.reset",
  tag: "Watch",
  summary: "Reset a key of a watch",
  description: "Deletes its state. If it is raised, it is cleared first, with the reason `reset`.",
  access: "ManageWatch",
  permission: "watches:write",
  body: WatchResetIn,
  responses: { 204: null },
  handle: async ({ ctx, params, body }) => {
    await resetKey({ ctx, input: { app: params.app_id, watch: params.watch_id, key: body.key } });
    return noContent();
  },
});
