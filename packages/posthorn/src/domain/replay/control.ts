/** Pauses, resumes and cancels replays. */
import { PosthornError } from "../../lib/errors.ts";
import { atomically, type Call } from "../context.ts";
import type { Task, TaskState } from "../task/task.ts";
import { getReplay, type ReplayRef } from "./list.ts";
import { deleteOneOff } from "./one-off.ts";
import { dataOf, type ReplayData } from "./replay.ts";

/** Pauses a replay until it is resumed. Deliveries that are already due are still sent. */
export function pauseReplay(call: Call<ReplayRef>): Promise<Task> {
  return change(call, ["running"], (data, now) => ({ state: "paused", data: { ...data, pausedAt: now } }));
}

export function resumeReplay(call: Call<ReplayRef>): Promise<Task> {
  return change(call, ["paused"], (data, now) => ({ state: "running", data: unpaused(data, now) }));
}

/** Cancels a replay. Deliveries that are already due are still sent, except those to a URL, which are canceled. */
export function cancelReplay(call: Call<ReplayRef>): Promise<Task> {
  return change(call, ["running", "paused"], (data, now) => ({ state: "canceled", data: unpaused(data, now) }));
}

function unpaused(data: ReplayData, now: number): ReplayData {
  const pausedMs = data.pausedMs + (data.pausedAt === null ? 0 : now - data.pausedAt);
  return { ...data, pausedMs, pausedAt: null, budgetFrom: now, waitingSince: null };
}

type Change = (data: ReplayData, now: number) => { readonly state: TaskState; readonly data: ReplayData };

function change(call: Call<ReplayRef>, from: readonly TaskState[], to: Change): Promise<Task> {
  return atomically(call, async ({ ctx, input }) => {
    const { services } = ctx;
    const { task } = await getReplay({ ctx, input });
    if (!from.includes(task.state)) {
      throw new PosthornError("conflict", `The replay is ${task.state}; it must be ${from.join(" or ")}.`);
    }
    const at = services.now();
    const { state, data } = to(dataOf(task), at);
    const endedAt = state === "canceled" ? at : null;
    const { tx } = ctx;
    await tx.db
      .updateTable("task")
      .set({ status: state, data_json: JSON.stringify(data), updated_at: at, ended_at: endedAt })
      .where("id", "=", task.key)
      .execute();
    if (state === "canceled") await deleteOneOff(services, tx, task.key);
    if (state === "running") tx.signal({ kind: "task", key: task.key, task: task.kind });
    return { ...task, state, data, updatedAt: at, endedAt };
  });
}
