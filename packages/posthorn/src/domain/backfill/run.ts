/** Starts backfill runs, manually or on schedule, and reads their progress. */
import { invalid, notFound } from "../../lib/errors.ts";
import { systemActor } from "../access.ts";
import type { Call, Context, Services } from "../context.ts";
import { retentionOfApplication } from "../retention/application-periods.ts";
import { messageMs } from "../retention/retention.ts";
import { getSource } from "../source/find.ts";
import type { Page, PageRequest } from "../paging.ts";
import { getTask, listTasks } from "../task/list.ts";
import { startTask } from "../task/start.ts";
import type { Task, TaskData } from "../task/task.ts";
import { apiOf, findRow } from "./settings.ts";

/** Parameters of a run. Times are Unix milliseconds. */
export interface BackfillParams {
  readonly sourceKey: number;
  readonly sourceId: string;
  readonly from: number;
  readonly until: number;
  /** Counts missed events without fetching them. */
  readonly dryRun: boolean;
}

export interface BackfillData extends TaskData {
  /** Cursor of the next page; `null` before the first. */
  readonly cursor: string | null;
  /** Whether the last page has been read. */
  readonly listed: boolean;
  /** API IDs of missing events of the current page that are still to be fetched. */
  readonly waiting: readonly string[];
  /** Events listed by the provider. */
  readonly scanned: number;
  /** Listed events that the source had not received. */
  readonly missing: number;
  /** Missing events that were stored. */
  readonly fetched: number;
  /** Missing events that the provider was asked to send again. */
  readonly redelivered: number;
  /** Missing events that arrived on their own during the run. */
  readonly duplicates: number;
  /** Consecutive failures of the API. */
  readonly failures: number;
  /** The last of them. */
  readonly lastError: string | null;
  /** First missing events, shown with the run. */
  readonly examples: readonly {
    readonly deliveryId: string;
    readonly eventType: string;
    readonly occurredAt: number;
  }[];
}

export const NOTHING_DONE: BackfillData = {
  messagesSent: 0,
  cursor: null,
  listed: false,
  waiting: [],
  scanned: 0,
  missing: 0,
  fetched: 0,
  redelivered: 0,
  duplicates: 0,
  failures: 0,
  lastError: null,
  examples: [],
};

export interface StartBackfill {
  readonly source: string;
  /** Unix milliseconds. `null`: where the last run ended, or as far back as the provider keeps events. */
  readonly since: number | null;
  /** `null`: now. */
  readonly until: number | null;
  readonly dryRun: boolean;
}

/** A run starts this long before the end of the last one, because the latest events may not have been listed yet. */
const OVERLAP_MS = 3_600_000;
/** Events younger than this may still be in transit. */
const SETTLE_MS = 120_000;

export async function startBackfill({ ctx, input }: Call<StartBackfill>): Promise<Task> {
  const source = await getSource(ctx, input.source);
  const row = await findRow(ctx, source.key);
  if (row === null) throw notFound("backfill settings of this source; set them up first");
  const { windowMs } = apiOf(row, ctx.services.secretBox);
  const now = ctx.services.now();
  const until = Math.min(input.until ?? now, now - SETTLE_MS);
  // Events past the retention period are deleted here and would look as if they had never arrived.
  const oldest = now - Math.min(windowMs, messageMs(await retentionOfApplication(ctx, source.key)));
  const begun = row.backfilled_until === null ? source.createdAt : row.backfilled_until - OVERLAP_MS;
  const from = Math.max(oldest, input.since ?? begun);
  if (input.since !== null && input.since >= until) {
    throw invalid(
      "since",
      "`since` must be before `until`, and at least two minutes ago: newer events may still be in transit.",
    );
  }
  const params = { sourceKey: source.key, sourceId: source.id, from, until, dryRun: input.dryRun };
  return startTask(ctx, { kind: "source.backfill", appKey: source.key, params, data: NOTHING_DONE });
}

/** Newest first. */
export async function listBackfillTasks({
  ctx,
  input: { source, ...page },
}: Call<PageRequest & { readonly source: string }>): Promise<Page<Task>> {
  const { key: appKey } = await getSource(ctx, source);
  return listTasks({ ctx, input: { ...page, order: "descending", status: null, kind: "source.backfill", appKey } });
}

export async function getBackfillTask({
  ctx,
  input,
}: Call<{ readonly source: string; readonly task: string }>): Promise<Task> {
  const source = await getSource(ctx, input.source);
  const task = await getTask({ ctx, input: { task: input.task } });
  if (task.kind !== "source.backfill" || task.appKey !== source.key) throw notFound("backfill run");
  return task;
}

/** Starts scheduled runs that are due. Moves `next_at` in the same transaction first, so that only one node starts each run. */
export async function startDueBackfills(services: Services): Promise<number> {
  const now = services.now();
  const due = await services.store.db
    .selectFrom("source_backfill as backfill")
    .innerJoin("source", "source.id", "backfill.source_id")
    .innerJoin("organisation", "organisation.id", "source.org_id")
    .select(["source.id as key", "source.public_id", "source.org_id", "organisation.public_id as org_public_id"])
    .select(["backfill.every_ms", "backfill.next_at"])
    .where("backfill.next_at", "<=", now)
    .where("source.deleted_at", "is", null)
    .orderBy("backfill.next_at")
    .limit(MAX_STARTED)
    .execute();
  let started = 0;
  for (const { key, public_id, org_id, org_public_id, every_ms, next_at } of due) {
    const actor = systemActor(org_id, org_public_id);
    started += await services.store.transaction(async (tx) => {
      const ctx: Context = { services, actor, tx };
      const { numUpdatedRows } = await tx.db
        .updateTable("source_backfill")
        .set({ next_at: now + (every_ms ?? 0) })
        .where("source_id", "=", key)
        .where("next_at", "=", next_at)
        .executeTakeFirst();
      if (numUpdatedRows === 0n || (await isRunning(ctx, key))) return 0;
      await startBackfill({ ctx, input: { source: public_id, since: null, until: null, dryRun: false } });
      return 1;
    }, "backfill.run");
  }
  return started;
}

/** Runs started in one call. */
const MAX_STARTED = 20;

async function isRunning({ tx }: Context, sourceKey: number): Promise<boolean> {
  const row = await tx!.db
    .selectFrom("task")
    .select("id")
    .where("app_id", "=", sourceKey)
    .where("kind", "=", "source.backfill")
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
