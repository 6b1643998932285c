import { getTask as getVerb } from "../../domain/task/list.ts";
import { BackgroundTaskOut } from "../models/task.ts";
import { ok } from "../reply.ts";
import { defineRoute } from "../route.ts";
import { backgroundTaskOut } from "../wire.ts";

export const getTask = defineRoute({
  method: "GET",
  path: "/api/v1/background-task/:task_id",
  operationId: "v1.background-task.get",
  tag: "Background Task",
  summary: "Get a background task",
  description: "Returns the state and progress of a task, and its result once it has ended.",
  access: "organisation",
  permission: "read",
  filtersApplications: true,
  responses: { 200: BackgroundTaskOut },
  handle: async ({ ctx, params }) => ok(backgroundTaskOut(await getVerb({ ctx, input: { task: params.task_id } }))),
});
