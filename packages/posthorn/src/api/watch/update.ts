import { updateWatch as updateVerb } from "../../domain/watch/save.ts";
import { WatchIn, WatchOut } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { watchInput, watchOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const updateWatch = defineRoute({
  method: "PUT",
  path: "/api/v1/app/:app_id/watch/:watch_id",
  operationId: "v1.watch.update",
  tag: "Watch",
  summary: "Replace a watch",
  description:
    "Under a new rule, keys keep their phase: a raised key stays raised until the new rule clears it. If `read.key` or `read.items` changes, keys start over. A paused watch evaluates the messages it missed when it is resumed.",
  access: "ManageWatch",
  permission: "watches:write",
  body: WatchIn,
  responses: { 200: WatchOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, watch: params.watch_id, change: () => watchInput(body) };
    return ok(await watchOut(ctx, await updateVerb({ ctx, input })));
  },
});
