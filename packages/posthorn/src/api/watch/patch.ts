import { updateWatch as updateVerb } from "../../domain/watch/save.ts";
import type { Watch } from "../../domain/watch/watch.ts";
import { WatchOut, WatchPatch } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { patched, watchOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const patchWatch = defineRoute({
  method: "PATCH",
  path: "/api/v1/app/:app_id/watch/:watch_id",
  operationId: "v1.watch.patch",
  tag: "Watch",
  summary: "Update or pause a watch",
  description:
    "Under a new rule, keys keep their phase: a raised key stays raised until the new rule clears it. If `read.key` or `read.items` changes, keys start over. A paused watch evaluates the messages it missed when it is resumed.",
  access: "ManageWatch",
  permission: "watches:write",
  body: WatchPatch,
  responses: { 200: WatchOut },
  handle: async ({ ctx, params, body }) => {
    const input = { app: params.app_id, watch: params.watch_id, change: (watch: Watch) => patched(watch, body) };
    return ok(await watchOut(ctx, await updateVerb({ ctx, input })));
  },
});
