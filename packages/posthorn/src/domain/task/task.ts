import type { Selectable } from "kysely";
import type { TaskTable } from "../../store/schema.ts";

/** Long work that goes on after its request was answered; the names are those of the HTTP API. */
export const TASK_KINDS = ["endpoint.recover", "endpoint.replay"] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export const TASK_STATUSES = ["running", "finished", "failed"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Parameters and progress of a task, as stored. Keys are message keys. */
export interface TaskData {
  /** First message key of the window. */
  readonly from: number;
  /** Last message key of the window. */
  readonly to: number;
  /** Messages up to this key are done. */
  cursor: number;
  messagesSent: number;
}

export interface Task {
  readonly key: number;
  readonly id: string;
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly appKey: number;
  readonly endpointKey: number;
  readonly orgId: number;
  readonly data: TaskData;
  readonly updatedAt: number;
}

export function toTask(row: Selectable<TaskTable>): Task {
  return {
    key: row.id,
    id: row.public_id,
    kind: row.kind as TaskKind,
    status: row.status as TaskStatus,
    appKey: row.app_id,
    endpointKey: row.endpoint_id,
    orgId: row.org_id,
    data: JSON.parse(row.data_json) as TaskData,
    updatedAt: row.updated_at,
  };
}
