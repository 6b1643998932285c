import { type Selectable, sql } from "kysely";
import { notFound } from "../../lib/errors.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { TaskPartTable } from "../../store/task-schema.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { sourceIdOf } from "../source/source.ts";
import { visibleTasks } from "../task/list.ts";
import { type Task, TASK_KINDS, type TaskState, toTask } from "../task/task.ts";
import { dataOf, paramsOf, type ReplayCounts, type ReplayParams } from "./replay.ts";

export interface ReplayRef {
  /** Id or uid of the application; `null`: of any application, or across applications. */
  readonly app: string | null;
  readonly replay: string;
}

/** Progress of a replay. */
export interface ReplayProgress {
  /** Scanned share of the window over all endpoints, from 0 to 100. */
  readonly percent: number;
  /** Estimated seconds until it ends, at its average rate; `null` if unknown. */
  readonly secondsLeft: number | null;
}

export interface ReplayPart extends Omit<ReplayCounts, "otherStatus"> {
  readonly endpointId: string;
  readonly appId: string;
  readonly appName: string;
  readonly url: string;
  readonly sent: number;
  readonly done: boolean;
  readonly endpointGone: boolean;
}

const REPLAY_KINDS = TASK_KINDS.filter((kind) => kind.startsWith("endpoint.") || kind === "organisation.replay");
/** Maximum number of endpoints in the result. */
const MAX_PARTS = 250;

export interface ListReplays extends PageRequest {
  /** Id or uid; `null`: all applications. */
  readonly app: string | null;
  readonly states: readonly TaskState[] | null;
  /** By time of creation. */
  readonly order: "ascending" | "descending";
}

/** Lists replays of all kinds. */
export async function listReplays({ ctx, input }: Call<ListReplays>): Promise<Page<Task>> {
  const application = input.app === null ? null : await getApplication(ctx, input.app);
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("qtask_") }, (slice) => {
    let query = replays(ctx, application).orderBy("id", slice.order).limit(slice.limit);
    if (input.states !== null) query = query.where("status", "in", input.states);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toTask) };
}

export async function getReplay({ ctx, input }: Call<ReplayRef>): Promise<{ readonly task: Task }> {
  const application = input.app === null ? null : await getApplication(ctx, input.app);
  const key = idIterator("qtask_")(input.replay);
  const row =
    key === null
      ? undefined
      : await replays(ctx, application).where("id", "=", key).where("public_id", "=", input.replay).executeTakeFirst();
  if (row === undefined) throw notFound("replay");
  return { task: toTask(row) };
}

function replays(ctx: Context, application: Application | null) {
  const query = visibleTasks(ctx).where("kind", "in", REPLAY_KINDS);
  return application === null ? query : query.where("app_id", "=", application.key);
}

/** Ids and names of the applications of tasks, by task key. */
export async function applicationsOf(
  ctx: Context,
  tasks: readonly Task[],
): Promise<ReadonlyMap<number, { readonly id: string; readonly name: string }>> {
  if (tasks.length === 0) return new Map();
  const rows = await reader(ctx)
    .selectFrom("task")
    .innerJoin("application", "application.id", "task.app_id")
    .select(["task.id", "application.public_id", "application.name"])
    .where(
      "task.id",
      "in",
      tasks.map(({ key }) => key),
    )
    .execute();
  return new Map(rows.map((row) => [row.id, { id: row.public_id, name: row.name }]));
}

/** Progress per endpoint, for up to `MAX_PARTS` endpoints. */
export async function replayParts(ctx: Context, taskKey: number): Promise<readonly ReplayPart[]> {
  const rows = await reader(ctx)
    .selectFrom("task_part")
    .innerJoin("endpoint", "endpoint.id", "task_part.endpoint_id")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .selectAll("task_part")
    .select(["endpoint.public_id", "endpoint.url"])
    .select(["application.public_id as app_public_id", "application.name as app_name", "application.kind as app_kind"])
    .where("task_id", "=", taskKey)
    .orderBy("task_part.endpoint_id")
    .limit(MAX_PARTS)
    .execute();
  return rows.map(toPart);
}

type PartRow = Selectable<TaskPartTable> & {
  readonly public_id: string;
  readonly url: string;
  readonly app_public_id: string;
  readonly app_name: string;
  readonly app_kind: number;
};

function toPart(row: PartRow): ReplayPart {
  return {
    endpointId: row.public_id,
    appId: row.app_kind === APPLICATION_KIND.source ? sourceIdOf(row.app_public_id) : row.app_public_id,
    appName: row.app_name,
    url: row.url,
    scanned: row.scanned,
    matched: row.matched,
    sent: row.sent,
    payloadGone: row.payload_gone,
    alreadyDue: row.already_due,
    done: row.done === 1,
    endpointGone: row.endpoint_gone === 1,
  };
}

export async function replayProgress(ctx: Context, task: Task): Promise<ReplayProgress> {
  if (task.endedAt !== null && task.state === "finished") return { percent: 100, secondsLeft: 0 };
  const params = paramsOf(task);
  // Endpoints are still being selected.
  if (dataOf(task).selectedUpTo !== null) return { percent: 0, secondsLeft: null };
  const span = Math.max(1, params.to - params.from + 1);
  const { share } = await reader(ctx)
    .selectFrom("task_part")
    .select((eb) => eb.fn.avg<number | null>(shareOf(params, span)).as("share"))
    .where("task_id", "=", task.key)
    .executeTakeFirstOrThrow();
  const part = Math.min(1, Math.max(0, share ?? 0));
  // Only a finished replay is at 100 %.
  const percent = Math.min(99, Math.floor(part * 100));
  return { percent, secondsLeft: secondsLeft(task, part, ctx.services.now()) };
}

function shareOf({ newestFirst, from, to }: ReplayParams, span: number) {
  const seen = newestFirst ? sql<number>`(${to} + 1 - cursor)` : sql<number>`(cursor - ${from} + 1)`;
  return sql<number>`CASE WHEN done = 1 THEN 1.0 ELSE ${seen} * 1.0 / ${span} END`;
}

function secondsLeft(task: Task, share: number, now: number): number | null {
  if (task.state !== "running" || share <= 0) return null;
  const worked = now - task.createdAt - dataOf(task).pausedMs;
  return Math.ceil((worked * (1 - share)) / share / 1000);
}
