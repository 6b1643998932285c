import { notFound } from "../../lib/errors.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import { comparison, idIterator, type Page, type PageRequest, readPage } from "../paging.ts";
import { requesterName } from "./start.ts";
import { statesOf, type Task, type TaskKind, type TaskStatus, toTask } from "./task.ts";

export interface ListTasks extends PageRequest {
  readonly order: "ascending" | "descending";
  readonly status: TaskStatus | null;
  readonly kind: TaskKind | null;
  /** Key of the application or source; absent: all. */
  readonly appKey?: number;
}

export async function listTasks({ ctx, input }: Call<ListTasks>): Promise<Page<Task>> {
  const order = input.order === "ascending" ? "asc" : "desc";
  const page = await readPage(input, { order, keyOf: idIterator("qtask_") }, (slice) => {
    let query = visibleTasks(ctx).orderBy("id", slice.order).limit(slice.limit);
    if (input.status !== null) query = query.where("status", "in", statesOf(input.status));
    if (input.kind !== null) query = query.where("kind", "=", input.kind);
    if (input.appKey !== undefined) query = query.where("app_id", "=", input.appKey);
    if (slice.from !== null) query = query.where("id", comparison(slice.order), slice.from);
    return query.execute();
  });
  return { ...page, rows: page.rows.map(toTask) };
}

export async function getTask({ ctx, input }: Call<{ readonly task: string }>): Promise<Task> {
  const key = idIterator("qtask_")(input.task);
  const row =
    key === null
      ? undefined
      : await visibleTasks(ctx).where("id", "=", key).where("public_id", "=", input.task).executeTakeFirst();
  if (row === undefined) throw notFound("task");
  return toTask(row);
}

/** Callers that are limited to some applications see the tasks of these, and those that they started themselves. */
export function visibleTasks(ctx: Context) {
  const visible = visibleApplications(ctx.actor);
  return reader(ctx)
    .selectFrom("task")
    .selectAll()
    .where("org_id", "=", ctx.actor.orgId)
    .$if(visible !== null, (tasks) =>
      tasks.where((eb) =>
        eb.or([
          eb("app_id", "in", visible!),
          eb.and([eb("app_id", "is", null), eb("requested_by", "=", requesterName(ctx.actor))]),
        ]),
      ),
    );
}
