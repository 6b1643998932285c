import { Type } from "typebox";
import { listKeys } from "../../domain/watch/keys.ts";
import { PageQuery } from "../models/common.ts";
import { WatchKeyList, WatchPhase } from "../models/watch.ts";
import { ok } from "../reply.ts";
import { decodeName, encodeName } from "./iterator.ts";
import { keyOut } from "./wire.ts";
import { defineRoute } from "../route.ts";

export const listWatchKeys = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/watch/:watch_id/key",
  operationId: "v1.watch.key.list",
  tag: "Watch",
  summary: "List the keys of a watch",
  description: "By key, with the phase and the last value of each.",
  access: "ManageWatch",
  permission: "payloads:read",
  query: Type.Object({ ...PageQuery, phase: Type.Optional(WatchPhase) }),
  responses: { 200: WatchKeyList },
  handle: async ({ ctx, params, query }) => {
    const { limit = 50, iterator = null, phase = null } = query;
    const input = { app: params.app_id, watch: params.watch_id, limit, phase, after: decodeName(iterator) };
    const { rows, done } = await listKeys({ ctx, input });
    return ok({ data: rows.map(keyOut), iterator: encodeName(rows.at(-1)?.name), done });
  },
});
