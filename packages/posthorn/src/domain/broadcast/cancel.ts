import { notFound, PosthornError } from "../../lib/errors.ts";
import { atomically, type Call, write } from "../context.ts";
import { getTask } from "../task/list.ts";
import type { Task } from "../task/task.ts";
import { type BroadcastData, dataOf } from "./broadcast.ts";

/** Stops publishing to further applications. Messages already published, or just being published, remain. */
export function cancelBroadcast(call: Call<{ readonly task: string }>): Promise<Task> {
  return atomically(call, async ({ ctx, input }) => {
    const task = await getTask({ ctx, input });
    if (task.kind !== "message.broadcast") throw notFound("broadcast");
    if (task.state !== "running") throw new PosthornError("conflict", `The broadcast is already ${task.state}.`);
    // The next step ends it and cleans up after a step in progress.
    const data: BroadcastData = { ...dataOf(task), canceling: true };
    const at = ctx.services.now();
    await write(ctx, async ({ db, signal }) => {
      const columns = { data_json: JSON.stringify(data), updated_at: at };
      await db.updateTable("task").set(columns).where("id", "=", task.key).execute();
      signal({ kind: "task", key: task.key, task: task.kind });
    });
    return { ...task, data, updatedAt: at };
  });
}
