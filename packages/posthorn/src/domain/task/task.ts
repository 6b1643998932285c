import { type Selectable } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import type { TaskTable } from "../../store/task-schema.ts";

/** Background tasks, which continue after the response to their request. The names are those of the HTTP API. */
export const TASK_KINDS = [
  "endpoint.recover",
  "endpoint.replay",
  "endpoint.bulk-replay",
  "organisation.replay",
  "application.purge_content",
  "message.broadcast",
  "application.stats",
  "event-type.aggregate",
  "source.backfill",
  "encryption.rotate",
  "encryption.verify",
  "privacy.erase",
] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Stored states. Clients of the compatible API only know `running`, `finished` and `failed`; see `publicStatus`. */
export const TASK_STATES = ["running", "paused", "finished", "failed", "canceled"] as const;
export type TaskState = (typeof TASK_STATES)[number];

export const TASK_STATUSES = ["running", "finished", "failed"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

const PUBLIC_STATUS: Record<TaskState, TaskStatus> = {
  running: "running",
  paused: "running",
  finished: "finished",
  failed: "failed",
  // It did not complete the requested work.
  canceled: "failed",
};

/** The status of a state in the compatible API. */
export function publicStatus(state: TaskState): TaskStatus {
  return PUBLIC_STATUS[state];
}

/** The states with this status in the compatible API. */
export function statesOf(status: TaskStatus): readonly TaskState[] {
  return TASK_STATES.filter((state) => PUBLIC_STATUS[state] === status);
}

/** Stored progress. Kinds of tasks add their own fields. */
export interface TaskData {
  readonly messagesSent: number;
  /** Additional progress to show, besides the number of messages. */
  readonly shown?: object;
  /** Error message, if it failed. */
  readonly error?: string;
}

/** Times are Unix milliseconds. */
export interface Task {
  readonly key: number;
  readonly id: string;
  readonly kind: TaskKind;
  readonly state: TaskState;
  readonly orgId: number;
  /** `null`: the task belongs to the whole organisation. */
  readonly appKey: number | null;
  readonly params: unknown;
  readonly data: TaskData;
  readonly requestedBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

export function toTask(row: Selectable<TaskTable>): Task {
  return {
    key: row.id,
    id: row.public_id,
    kind: row.kind as TaskKind,
    state: row.status as TaskState,
    orgId: row.org_id,
    appKey: row.app_id,
    params: JSON.parse(row.params_json) as unknown,
    data: JSON.parse(row.data_json) as TaskData,
    requestedBy: row.requested_by,
    createdAt: timeOfKey(row.id),
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}
