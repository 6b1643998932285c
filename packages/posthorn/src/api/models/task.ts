import { Type } from "typebox";
import { TASK_KINDS, TASK_STATUSES } from "../../domain/task/task.ts";
import { DateTime, listOf } from "./common.ts";

export const TaskStatusModel = Type.Union(TASK_STATUSES.map((status) => Type.Literal(status)));
export const TaskKindModel = Type.Union(TASK_KINDS.map((kind) => Type.Literal(kind)));

const fields = { id: Type.String(), status: TaskStatusModel, task: TaskKindModel, updatedAt: DateTime };

export const RecoverOut = Type.Object(fields, { $id: "RecoverOut", description: "The task that was started." });
export const ReplayOut = Type.Object(fields, { $id: "ReplayOut", description: "The task that was started." });

export const ExpungeAllContentsOut = Type.Object(fields, {
  $id: "ExpungeAllContentsOut",
  description: "The task that was started.",
});

export const BackgroundTaskOut = Type.Object(
  { ...fields, data: Type.Object({ messagesSent: Type.Integer() }) },
  { $id: "BackgroundTaskOut", description: "Long work that goes on after its request was answered." },
);

export const BackgroundTaskList = listOf(BackgroundTaskOut);
