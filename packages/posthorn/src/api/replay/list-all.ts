import { Type } from "typebox";
import { applicationsOf, listReplays } from "../../domain/replay/list.ts";
import { TASK_STATES } from "../../domain/task/task.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { ApplicationReplayList } from "../models/replay.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { replayOut } from "./wire.ts";

export const listAllReplays = defineRoute({
  method: "GET",
  path: "/api/v1/replay",
  operationId: "v1.replay.list-all",
  tag: "Replay",
  summary: "List the replays of all applications",
  description: "Includes recoveries, and replays across applications. Newest first by default.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    status: Type.Optional(Type.Union(TASK_STATES.map((state) => Type.Literal(state)))),
    app_id: Type.Optional(
      Type.String({ maxLength: 256, description: "Only replays of this application, by ID or uid." }),
    ),
  }),
  responses: { 200: ApplicationReplayList },
  handle: async ({ ctx, query }) => {
    const states = query.status === undefined ? null : [query.status];
    const { app_id: app = null, order = "descending" } = query;
    const page = await listReplays({ ctx, input: { app, ...pageOf(query), states, order } });
    const applications = await applicationsOf(ctx, page.rows);
    const shown = new Map<string, object>();
    for (const task of page.rows) {
      const application = applications.get(task.key);
      const of = { appId: application?.id ?? null, appName: application?.name ?? "" };
      shown.set(task.id, { ...(await replayOut(ctx, task)), ...of });
    }
    return list(
      page,
      ({ id }) => id,
      ({ id }) => shown.get(id)!,
    );
  },
});
