import { Type } from "typebox";
import { listReplays as listVerb } from "../../domain/replay/list.ts";
import { TASK_STATES } from "../../domain/task/task.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { ReplayJobList } from "../models/replay.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const listReplays = defineRoute({
  method: "GET",
  path: "/api/v1/app/:app_id/replay",
  operationId: "v1.replay.list",
  tag: "Replay",
  summary: "List replays",
  description:
    "The replays and recoveries of the application, newest first by default, with the time, the requester, the selection and the result.",
  access: "ViewBase",
  permission: "read",
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    status: Type.Optional(Type.Union(TASK_STATES.map((state) => Type.Literal(state)))),
  }),
  responses: { 200: ReplayJobList },
  handle: async ({ ctx, params, query }) => {
    const states = query.status === undefined ? null : [query.status];
    const { order = "descending" } = query;
    const page = await listVerb({ ctx, input: { app: params.app_id, ...pageOf(query), states, order } });
    const shown = new Map<string, object>();
    for (const task of page.rows) shown.set(task.id, await replayOut(ctx, task));
    return list(
      page,
      ({ id }) => id,
      ({ id }) => shown.get(id)!,
    );
  },
});
