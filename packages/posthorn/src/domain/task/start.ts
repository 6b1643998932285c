import type { Kysely } from "kysely";
import { PosthornError } from "../../lib/errors.ts";
import type { Database } from "../../store/schema.ts";
import type { Actor } from "../access.ts";
import { type Context, write } from "../context.ts";
import { isCatchUp } from "../replay/catch-up.ts";
import type { Task, TaskData, TaskKind } from "./task.ts";
import type { Tx } from "../../store/tx.ts";

export interface NewTask {
  readonly kind: TaskKind;
  /** `null`: the task belongs to the whole organisation. */
  readonly appKey: number | null;
  /** Stored as JSON, unchanged. */
  readonly params: object;
  readonly data: TaskData;
  /** Does not count towards the maximum of unfinished tasks of the application: see `replay/catch-up.ts`. */
  readonly isExempt?: true;
  /** Additional writes in the same transaction. */
  readonly prepare?: (tx: Tx, taskKey: number) => Promise<void>;
}

/** Stores a task, and starts it once it is on disk. */
export async function startTask(ctx: Context, task: NewTask): Promise<Task> {
  const { ids, now } = ctx.services;
  const { kind, appKey, params, data } = task;
  const at = now();
  const { key, id } = ids.next("qtask_");
  const { orgId } = ctx.actor;
  const requestedBy = requesterName(ctx.actor);
  const row = {
    id: key,
    public_id: id,
    org_id: orgId,
    app_id: appKey,
    kind,
    status: "running",
    params_json: JSON.stringify(params),
    data_json: JSON.stringify(data),
    requested_by: requestedBy,
    updated_at: at,
    ended_at: null,
  };
  ctx.audit?.created("task", id);
  await write(ctx, async (tx) => {
    if (task.isExempt !== true) await checkRoom(tx.db, orgId, appKey);
    await tx.db.insertInto("task").values(row).execute();
    await task.prepare?.(tx, key);
    tx.signal({ kind: "task", key, task: kind });
  });
  const times = { createdAt: at, updatedAt: at, endedAt: null };
  return { key, id, kind, state: "running", orgId, appKey, params, data, requestedBy, ...times };
}

/** Maximum unfinished tasks, including paused ones, of one application or of the organisation as a whole. */
const MAX_OPEN = 20;

async function checkRoom(db: Kysely<Database>, orgId: number, appKey: number | null): Promise<void> {
  const { open } = await db
    .selectFrom("task")
    .select((eb) => eb.fn.countAll<number>().as("open"))
    .where("ended_at", "is", null)
    .where("org_id", "=", orgId)
    .where("app_id", appKey === null ? "is" : "=", appKey)
    .where((eb) => eb.not(isCatchUp))
    .executeTakeFirstOrThrow();
  if (open < MAX_OPEN) return;
  throw new PosthornError(
    "limit_reached",
    `${MAX_OPEN} tasks of this ${appKey === null ? "organisation" : "application"} are running or paused: wait until one ends, or cancel one.`,
  );
}

/** Display name of the caller; never a secret. */
export function requesterName(actor: Actor): string {
  if (actor.kind === "organisation") return "id" in actor.caller ? actor.caller.id : actor.orgPublicId;
  return actor.sessionId === null ? actor.appPublicId : `${actor.appPublicId} session ${actor.sessionId}`;
}
