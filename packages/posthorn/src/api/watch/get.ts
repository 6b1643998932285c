import { getWatch as getVerb } from "../../domain/watch/find.ts";
import { WatchOut } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { watchOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const getWatch = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch/:watch_id",
  operationId: "v1.watch.get",
  tag: "Watch",
  summary: "Get a watch",
  description: "Returns its condition, its settings, and how many keys are raised.",
  access: "ManageWatch",
  permission: "read",
  responses: { 200: WatchOut },
  handle: async ({ ctx, params }) => {
    const watch = await getVerb({ ctx, input: { app: params.app_id, watch: params.watch_id } });
    return ok(await watchOut(ctx, watch));
  },
});
