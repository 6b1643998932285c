/** Does the work of tasks in small transactions. Where it got to is stored with what it did, so a restart goes on from there. */
import { ASKED, DELIVERY_STATE } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import type { Services } from "../context.ts";
import { byHand } from "../delivery/resend.ts";
import { matches } from "../directory.ts";
import { type Task, type TaskKind, toTask } from "./task.ts";

/** Messages looked at in one transaction. */
const STEP = 500;

/** What one step did: how many deliveries it made due, and the last message it looked at; `null` when none was left. */
interface StepResult {
  readonly made: number;
  readonly last: number | null;
}

const STEPS: Record<TaskKind, (services: Services, tx: Tx, task: Task) => Promise<StepResult>> = {
  "endpoint.recover": recoverStep,
  "endpoint.replay": replayStep,
};

/** Keys of the tasks that an earlier run left unfinished. */
export async function unfinishedTasks({ store }: Services): Promise<readonly number[]> {
  const rows = await store.db.selectFrom("task").select("id").where("status", "=", "running").orderBy("id").execute();
  return rows.map((row) => row.id);
}

/** Marks a task that cannot go on. */
export async function failTask({ store, now }: Services, key: number): Promise<void> {
  await store.transaction(({ db }) =>
    db.updateTable("task").set({ status: "failed", updated_at: now() }).where("id", "=", key).execute(),
  );
}

/** One step. Returns whether the task is at its end. */
export function runStep(services: Services, key: number): Promise<boolean> {
  return services.store.transaction(async (tx) => {
    const row = await tx.db.selectFrom("task").selectAll().where("id", "=", key).executeTakeFirst();
    if (row?.status !== "running") return true;
    const task = toTask(row);
    const { made, last } = await STEPS[task.kind](services, tx, task);
    const data = { ...task.data, cursor: last ?? task.data.cursor, messagesSent: task.data.messagesSent + made };
    await tx.db
      .updateTable("task")
      .set({
        status: last === null ? "finished" : "running",
        data_json: JSON.stringify(data),
        updated_at: services.now(),
      })
      .where("id", "=", key)
      .execute();
    if (made > 0) tx.afterCommit(() => services.dispatch.wake(task.endpointKey));
    return last === null;
  });
}

async function recoverStep(services: Services, tx: Tx, { endpointKey, data }: Task): Promise<StepResult> {
  const rows = await tx.db
    .selectFrom("delivery")
    .select(["message_id", "state", "attempts"])
    .where("endpoint_id", "=", endpointKey)
    .where("message_id", ">", data.cursor)
    .where("message_id", "<=", data.to)
    .orderBy("message_id")
    .limit(STEP)
    .execute();
  const failing = rows.filter(
    (row) => row.state === DELIVERY_STATE.failed || (row.state === DELIVERY_STATE.pending && row.attempts > 0),
  );
  if (failing.length > 0) {
    await tx.db
      .updateTable("delivery")
      .set(byHand(services.now(), ASKED.byRecovery))
      .where("endpoint_id", "=", endpointKey)
      .where(
        "message_id",
        "in",
        failing.map((row) => row.message_id),
      )
      .execute();
  }
  return { made: failing.length, last: rows.at(-1)?.message_id ?? null };
}

async function replayStep(services: Services, tx: Tx, { appKey, endpointKey, data }: Task): Promise<StepResult> {
  const endpoint = await services.directory.endpoint(endpointKey);
  if (endpoint === null) return { made: 0, last: null };
  const rows = await tx.db
    .selectFrom("message")
    .leftJoin("delivery", (join) =>
      join.onRef("delivery.message_id", "=", "message.id").on("delivery.endpoint_id", "=", endpointKey),
    )
    .select(["message.id", "message.event_type", "message.channels_json", "message.deliver_at", "delivery.state"])
    .select((eb) => eb("message.payload", "is not", null).as("present"))
    .where("message.app_id", "=", appKey)
    .where("message.id", ">", data.cursor)
    .where("message.id", "<=", data.to)
    .orderBy("message.id")
    .limit(STEP)
    .execute();
  const missing = rows.filter(
    (row) => row.state === null && Boolean(row.present) && matches(endpoint, row.event_type, listOf(row.channels_json)),
  );
  if (missing.length > 0) {
    const now = services.now();
    const values = missing.map((row) => ({
      message_id: row.id,
      endpoint_id: endpointKey,
      state: DELIVERY_STATE.pending,
      due: Math.max(now, row.deliver_at ?? 0),
      attempts: 0,
      generation: 0,
      manual: 0,
      resume_due: null,
    }));
    await tx.db.insertInto("delivery").values(values).execute();
  }
  return { made: missing.length, last: rows.at(-1)?.id ?? null };
}

function listOf(json: string | null): string[] | null {
  return json === null ? null : (JSON.parse(json) as string[]);
}
