import { Type } from "typebox";
import { TASK_KINDS, TASK_STATUSES } from "../../domain/task/task.ts";
import { DateTime, listOf } from "./common.ts";

export const TaskStatusModel = Type.Union(TASK_STATUSES.map((status) => Type.Literal(status)));
export const TaskKindModel = Type.Union(TASK_KINDS.map((kind) => Type.Literal(kind)));

export const taskFields = { id: Type.String(), status: TaskStatusModel, task: TaskKindModel, updatedAt: DateTime };

export const RecoverOut = Type.Object(taskFields, { $id: "RecoverOut", description: "The background task." });
export const ReplayOut = Type.Object(taskFields, { $id: "ReplayOut", description: "The background task." });

export const ExpungeAllContentsOut = Type.Object(taskFields, {
  $id: "ExpungeAllContentsOut",
  description: "The background task.",
});

export const BackgroundTaskOut = Type.Object(
  {
    ...taskFields,
    data: Type.Object(
      { messagesSent: Type.Integer() },
      { additionalProperties: true, description: "Progress, and for some kinds of tasks the result." },
    ),
  },
  { $id: "BackgroundTaskOut", description: "Work that continues after the response to its request." },
);

export const BackgroundTaskList = listOf(BackgroundTaskOut);
