/** One event, published to every application or to those of a kind. */
import type { TaskData, Task } from "../task/task.ts";
import type { Publication } from "../message/prepare.ts";

export interface BroadcastParams {
  /** The last application there was when it was asked for. */
  readonly to: number;
  /** Keys of the applications that were named; `null`: all. */
  readonly applications: readonly number[] | null;
  /** What the metadata of an application must hold; `null`: anything. */
  readonly metadata: Readonly<Record<string, string>> | null;
}

export interface BroadcastData extends TaskData {
  /** The last application that was looked at. */
  readonly cursor: number;
  /** Cancellation was requested: the next step is the last. */
  readonly canceling?: true;
  readonly shown: {
    /** Applications looked at. */
    readonly applications: number;
    /** Of these, those that have a message with this event id already, or were deleted meanwhile. */
    readonly skipped: number;
  };
}

/** The message, beside its payload. */
export type BroadcastMessage = Omit<Publication, "payload">;

export const NOTHING_SENT: BroadcastData = { messagesSent: 0, cursor: 0, shown: { applications: 0, skipped: 0 } };

export function paramsOf(task: Task): BroadcastParams {
  return task.params as BroadcastParams;
}

export function dataOf(task: Task): BroadcastData {
  return task.data as BroadcastData;
}
