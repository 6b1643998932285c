import { Type } from "typebox";
import { listTasks as listVerb } from "../../domain/task/list.ts";
import { pageOf } from "../inputs.ts";
import { OrderQuery, PageQuery } from "../models/common.ts";
import { BackgroundTaskList, TaskKindModel, TaskStatusModel } from "../models/task.ts";
import { list } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backgroundTaskOut } from "../wire.ts";

export const listTasks = defineRoute({
  method: "GET",
  path: "/api/v1/background-task",
  operationId: "v1.background-task.list",
  tag: "Background Task",
  summary: "List background tasks",
  description: "Pages through the tasks of the organisation, such as replays and broadcasts, newest first.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  query: Type.Object({
    ...PageQuery,
    ...OrderQuery,
    status: Type.Optional(TaskStatusModel),
    task: Type.Optional(TaskKindModel),
  }),
  responses: { 200: BackgroundTaskList },
  handle: async ({ ctx, query }) => {
    const input = {
      ...pageOf(query),
      order: query.order ?? "descending",
      status: query.status ?? null,
      kind: query.task ?? null,
    };
    return list(await listVerb({ ctx, input }), (row) => row.id, backgroundTaskOut);
  },
});
