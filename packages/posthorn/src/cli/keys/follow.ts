/** Starts a background task of the server and follows it to its end. */
import { setTimeout as delay } from "node:timers/promises";
import { PosthornError } from "../../lib/errors.ts";
import { call } from "../client.ts";

export interface TaskProgress {
  readonly id: string;
  readonly status: "running" | "finished" | "failed";
  readonly data: Readonly<Record<string, unknown>>;
}

const POLL_MS = 500;

/** Returns the task once it has ended, successfully or not. */
export async function follow(
  options: Record<string, unknown>,
  path: string,
  show: (task: TaskProgress) => void,
): Promise<TaskProgress> {
  const { id } = await call(options, "POST", path);
  for (;;) {
    const task = (await call(options, "GET", `/api/v1/background-task/${String(id)}`)) as unknown as TaskProgress;
    show(task);
    if (task.status !== "running") return task;
    await delay(POLL_MS);
  }
}

/** The error of a task that failed. */
export function failureOf({ id, data }: TaskProgress): PosthornError {
  const reason = typeof data["error"] === "string" ? data["error"] : "See the server log for the cause.";
  return new PosthornError("bad_request", `The task ${id} failed. ${reason}`);
}
