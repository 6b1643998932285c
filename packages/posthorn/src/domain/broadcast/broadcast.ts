/** Broadcast: publishes a message to all applications or a selection. */
import type { TaskData, Task } from "../task/task.ts";
import type { Publication } from "../message/prepare.ts";

export interface BroadcastParams {
  /** Last key assigned before the request. Later applications are not included. */
  readonly to: number;
  /** Keys of the selected applications; `null`: all. */
  readonly applications: readonly number[] | null;
  /** Required metadata of an application; `null`: any. */
  readonly metadata: Readonly<Record<string, string>> | null;
}

export interface BroadcastData extends TaskData {
  /** Key of the last processed application. */
  readonly cursor: number;
  /** Set if cancellation was requested. The next step is then the last. */
  readonly canceling?: true;
  readonly shown: {
    /** Number of applications processed. */
    readonly applications: number;
    /** Number of these that already had a message with this event id, or were deleted in the meantime. */
    readonly skipped: number;
  };
}

/** The message without its payload. */
export type BroadcastMessage = Omit<Publication, "payload">;

export const NOTHING_SENT: BroadcastData = { messagesSent: 0, cursor: 0, shown: { applications: 0, skipped: 0 } };

export function paramsOf(task: Task): BroadcastParams {
  return task.params as BroadcastParams;
}

export function dataOf(task: Task): BroadcastData {
  return task.data as BroadcastData;
}
