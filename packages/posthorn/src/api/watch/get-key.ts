import { Type } from "typebox";
import { getKey } from "../../domain/watch/keys.ts";
import { WatchKeyDetailOut, WatchKeyName } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { keyDetailOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const getWatchKey = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch/:watch_id/key-state",
  operationId: "v1.watch.key.get",
  tag: "Watch",
  summary: "Get a key of a watch and why it is raised or clear",
  description:
    "Returns the state of one key, the message that caused it, and what each part of the condition evaluates to.",
  access: "ManageWatch",
  permission: "payloads:read",
  query: Type.Object({ key: WatchKeyName }),
  responses: { 200: WatchKeyDetailOut },
  handle: async ({ ctx, params, query }) => {
    const input = { app: params.app_id, watch: params.watch_id, key: query.key };
    return ok(keyDetailOut(await getKey({ ctx, input })));
  },
});
