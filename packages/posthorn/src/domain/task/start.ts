import { invalid, PosthornError } from "../../errors.ts";
import { keyAfterTime, keyAtTime } from "../../id.ts";
import type { Tx } from "../../store/store.ts";
import { type Call, write } from "../context.ts";
import { type EndpointRef, getEndpoint } from "../endpoint/find.ts";
import type { Task, TaskKind } from "./task.ts";

export interface StartTask extends EndpointRef {
  /** Unix milliseconds. */
  readonly since: number;
  /** Unix milliseconds; `null` for now. */
  readonly until: number | null;
}

const DAY = 86_400_000;
const MAX_WINDOW = 14 * DAY;
/** A client that computes "14 days ago" and then takes its time is not refused for it. */
const SLACK = 300_000;

/** Sends again, by hand, what failed at the endpoint in the window and did not succeed since. */
export function recoverEndpoint(call: Call<StartTask>): Promise<Task> {
  return startTask(call, "endpoint.recover");
}

/** Sends the messages of the window that match the endpoint and were never owed to it. */
export function replayMissing(call: Call<StartTask>): Promise<Task> {
  return startTask(call, "endpoint.replay");
}

async function startTask({ ctx, input }: Call<StartTask>, kind: TaskKind): Promise<Task> {
  const { application, endpoint } = await getEndpoint(ctx, input);
  const { ids, now, tasks } = ctx.services;
  const at = now();
  const until = input.until ?? at;
  if (until < input.since) throw invalid("until", "The window must end after it begins.");
  if (until - input.since > MAX_WINDOW + SLACK) throw invalid("since", "The window may cover 14 days.");
  const { key, id } = ids.next("qtask_");
  const from = keyAtTime(input.since);
  const data = { from, to: keyAfterTime(until) - 1, cursor: from - 1, messagesSent: 0 };
  const row = {
    id: key,
    public_id: id,
    org_id: ctx.actor.orgId,
    app_id: application.key,
    endpoint_id: endpoint.key,
    kind,
    status: "running",
    data_json: JSON.stringify(data),
    updated_at: at,
  };
  await write(ctx, async (tx) => {
    await checkRoom(tx, application.key);
    await tx.db.insertInto("task").values(row).execute();
    tx.afterCommit(() => tasks.start(key));
  });
  return {
    key,
    id,
    kind,
    status: "running",
    appKey: application.key,
    endpointKey: endpoint.key,
    orgId: ctx.actor.orgId,
    data,
    updatedAt: at,
  };
}

/** Tasks of one application that may run at the same time. */
const MAX_RUNNING = 20;

async function checkRoom(tx: Tx, appKey: number): Promise<void> {
  const { running } = await tx.db
    .selectFrom("task")
    .select((eb) => eb.fn.countAll<number>().as("running"))
    .where("status", "=", "running")
    .where("app_id", "=", appKey)
    .executeTakeFirstOrThrow();
  if (running < MAX_RUNNING) return;
  throw new PosthornError(
    "limit_reached",
    `${MAX_RUNNING} tasks of this application are running: wait until one ends.`,
  );
}
