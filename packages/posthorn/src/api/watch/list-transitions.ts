import { Type } from "typebox";
import { listTransitions } from "../../domain/watch/keys.ts";
import { PageQuery } from "../models/common.ts";
import { WatchKeyName, WatchTransitionList } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { decodeKey, encodeKey } from "./iterator.ts";
import { transitionOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const listWatchTransitions = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch/:watch_id/transition",
  operationId: "v1.watch.transition.list",
  tag: "Watch",
  summary: "List the transitions of a watch",
  description: "Newest first, for as long as the messages that report them are stored.",
  access: "ManageWatch",
  permission: "read",
  query: Type.Object({ ...PageQuery, key: Type.Optional(WatchKeyName) }),
  responses: { 200: WatchTransitionList },
  handle: async ({ ctx, params, query }) => {
    const { limit = 50, iterator = null, key = null } = query;
    const input = { app: params.app_id, watch: params.watch_id, limit, key, before: decodeKey(iterator) };
    const { rows, done } = await listTransitions({ ctx, input });
    return ok({ data: rows.map(transitionOut), iterator: encodeKey(rows.at(-1)?.messageKey), done });
  },
});
