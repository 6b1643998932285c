/**
 * Runs tasks in small steps. Each step first reads its input outside of a write transaction, then makes its changes and stores its
 * progress in one short write transaction. A task can therefore continue after a crash at any point.
 */
import type { Services } from "../context.ts";
import { broadcastStep } from "../broadcast/step.ts";
import { purgeStep } from "../message/expunge-all.ts";
import { rotateStep } from "../encryption/step.ts";
import { eraseStep } from "../erasure/step.ts";
import { verifyStep } from "../encryption/verify-step.ts";
import { backfillStep } from "../backfill/step.ts";
import { replayStep } from "../replay/step.ts";
import { applicationUsageStep } from "../usage/applications.ts";
import { eventTypeUsageStep } from "../usage/event-types.ts";
import { type Task, type TaskKind, toTask } from "./task.ts";
import type { StepPlanner } from "./step.ts";

const PLANNERS: Record<TaskKind, StepPlanner> = {
  "endpoint.recover": replayStep,
  "endpoint.replay": replayStep,
  "endpoint.bulk-replay": replayStep,
  "organisation.replay": replayStep,
  "application.purge_content": purgeStep,
  "message.broadcast": broadcastStep,
  "application.stats": applicationUsageStep,
  "event-type.aggregate": eventTypeUsageStep,
  "source.backfill": backfillStep,
  "encryption.rotate": rotateStep,
  "encryption.verify": verifyStep,
  "privacy.erase": eraseStep,
};

/** Kinds with steps that wait for external services. */
const WAITING_KINDS: ReadonlySet<TaskKind> = new Set(["source.backfill", "encryption.rotate"]);

/** Whether a step of such a task can wait for an external service. */
export function waitsOutside(kind: TaskKind): boolean {
  return WAITING_KINDS.has(kind);
}

/** Running tasks, to continue them after a restart. */
export async function unfinishedTasks({ store }: Services): Promise<readonly Pick<Task, "key" | "kind">[]> {
  const rows = await store.db
    .selectFrom("task")
    .select(["id", "kind"])
    .where("ended_at", "is", null)
    .where("status", "=", "running")
    .orderBy("id")
    .execute();
  return rows.map(({ id, kind }) => ({ key: id, kind: kind as TaskKind }));
}

/** Marks a task that cannot continue as failed. */
export async function failTask({ store, now }: Services, key: number): Promise<void> {
  const at = now();
  await store.transaction(
    ({ db }) =>
      db.updateTable("task").set({ status: "failed", updated_at: at, ended_at: at }).where("id", "=", key).execute(),
    "task.run",
  );
}

/** Runs one step. Returns the milliseconds until the next step, or `null` if there is none. */
export async function runStep(services: Services, key: number): Promise<number | null> {
  const { store } = services;
  const row = await store.db.selectFrom("task").selectAll().where("id", "=", key).executeTakeFirst();
  if (row?.status !== "running") return null;
  const task = toTask(row);
  const step = await PLANNERS[task.kind](services, task);
  if (step.kind === "wait") return step.waitMs;
  await step.before?.();
  return store.transaction(async (tx) => {
    const current = await tx.db
      .selectFrom("task")
      .select("data_json")
      .where("id", "=", key)
      .where("status", "=", "running")
      .executeTakeFirst();
    if (current === undefined) return null;
    // The task was paused and resumed in the meantime, so the planned step may be out of date.
    if (current.data_json !== row.data_json) return 0;
    const { data, end, waitMs } = await step.write(tx);
    const at = services.now();
    await tx.db
      .updateTable("task")
      .set({
        data_json: JSON.stringify(data),
        updated_at: at,
        ...(end === null ? {} : { status: end, ended_at: at }),
      })
      .where("id", "=", key)
      .execute();
    return end === null ? waitMs : null;
  }, "task.run");
}
