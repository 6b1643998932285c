/** Starting a reconciliation, by hand or by its schedule, and looking how far it got. */
import { invalid, notFound } from "../../lib/errors.ts";
import type { Actor } from "../access.ts";
import type { Call, Context, Services } from "../context.ts";
import { messageMs } from "../retention/retention.ts";
import { getSource } from "../source/find.ts";
import type { Page, PageRequest } from "../paging.ts";
import { getTask, listTasks } from "../task/list.ts";
import { startTask } from "../task/start.ts";
import type { Task, TaskData } from "../task/task.ts";
import { apiOf, findRow } from "./settings.ts";

/** What a task was asked for. Times are Unix milliseconds. */
export interface ReconcileParams {
  readonly sourceKey: number;
  readonly sourceId: string;
  readonly from: number;
  readonly until: number;
  /** Only counts what was missed. */
  readonly dryRun: boolean;
}

export interface ReconcileData extends TaskData {
  /** Where the list goes on; `null` before its first page. */
  readonly cursor: string | null;
  /** Nothing is left to list. */
  readonly listed: boolean;
  /** Events of the last page that are still to be asked for, by what the API knows them by. */
  readonly waiting: readonly string[];
  /** Events that the provider named. */
  readonly scanned: number;
  /** Of these, what is not here. */
  readonly missing: number;
  /** Of these, what was taken in … */
  readonly fetched: number;
  /** … and what the provider was asked to send again. */
  readonly redelivered: number;
  /** Came in while it was asked for. */
  readonly already: number;
  /** Failures of the API in a row, and what the last one was. */
  readonly failures: number;
  readonly trouble: string | null;
  /** The first events that were missed, for people to look at. */
  readonly examples: readonly {
    readonly deliveryId: string;
    readonly eventType: string;
    readonly occurredAt: number;
  }[];
}

export const NOTHING_DONE: ReconcileData = {
  messagesSent: 0,
  cursor: null,
  listed: false,
  waiting: [],
  scanned: 0,
  missing: 0,
  fetched: 0,
  redelivered: 0,
  already: 0,
  failures: 0,
  trouble: null,
  examples: [],
};

export interface StartReconciliation {
  readonly source: string;
  /** Unix milliseconds; `null`: where the last one ended, or as far back as the provider remembers. */
  readonly since: number | null;
  /** `null`: until now. */
  readonly until: number | null;
  readonly dryRun: boolean;
}

/** A run begins this long before the end of the last one: what happened at its end may not have been listed yet. */
const OVERLAP_MS = 3_600_000;
/** Events so young may be on their way. */
const SETTLE_MS = 120_000;

export async function startReconciliation({ ctx, input }: Call<StartReconciliation>): Promise<Task> {
  const source = await getSource(ctx, input.source);
  const row = await findRow(ctx, source.key);
  if (row === null) throw notFound("reconciliation of this source: set one up first");
  const { windowMs } = apiOf(row, ctx.services.secretBox);
  const now = ctx.services.now();
  const until = Math.min(input.until ?? now, now - SETTLE_MS);
  // What is not kept here any more would look as if it had never come.
  const oldest = now - Math.min(windowMs, messageMs(ctx.services.rules.retention));
  const begun = row.reconciled_until === null ? source.createdAt : row.reconciled_until - OVERLAP_MS;
  const from = Math.max(oldest, input.since ?? begun);
  if (input.since !== null && input.since >= until) {
    throw invalid("since", "It must be before `until`, and what is younger than two minutes may still be on its way.");
  }
  const params = { sourceKey: source.key, sourceId: source.id, from, until, dryRun: input.dryRun };
  return startTask(ctx, { kind: "source.reconcile", appKey: source.key, params, data: NOTHING_DONE });
}

/** Newest first. */
export async function listReconcileTasks({
  ctx,
  input: { source, ...page },
}: Call<PageRequest & { readonly source: string }>): Promise<Page<Task>> {
  const { key: appKey } = await getSource(ctx, source);
  return listTasks({ ctx, input: { ...page, order: "descending", status: null, kind: "source.reconcile", appKey } });
}

export async function getReconcileTask({
  ctx,
  input,
}: Call<{ readonly source: string; readonly task: string }>): Promise<Task> {
  const source = await getSource(ctx, input.source);
  const task = await getTask({ ctx, input: { task: input.task } });
  if (task.kind !== "source.reconcile" || task.appKey !== source.key) throw notFound("reconciliation");
  return task;
}

/** Starts the reconciliations whose time has come. Each is put off to its next time first, so that one node starts it. */
export async function startDueReconciliations(services: Services): Promise<number> {
  const now = services.now();
  const due = await services.store.db
    .selectFrom("source_reconcile as reconcile")
    .innerJoin("source", "source.id", "reconcile.source_id")
    .innerJoin("organisation", "organisation.id", "source.org_id")
    .select(["source.id as key", "source.public_id", "source.org_id", "organisation.public_id as org_public_id"])
    .select(["reconcile.every_ms", "reconcile.next_at"])
    .where("reconcile.next_at", "<=", now)
    .where("source.deleted_at", "is", null)
    .orderBy("reconcile.next_at")
    .limit(MAX_STARTED)
    .execute();
  let started = 0;
  for (const { key, public_id, org_id, org_public_id, every_ms, next_at } of due) {
    const actor: Actor = { kind: "organisation", orgId: org_id, orgPublicId: org_public_id, keyId: null };
    started += await services.store.transaction(async (tx) => {
      const ctx: Context = { services, actor, tx };
      const { numUpdatedRows } = await tx.db
        .updateTable("source_reconcile")
        .set({ next_at: now + (every_ms ?? 0) })
        .where("source_id", "=", key)
        .where("next_at", "=", next_at)
        .executeTakeFirst();
      if (numUpdatedRows === 0n || (await isRunning(ctx, key))) return 0;
      await startReconciliation({ ctx, input: { source: public_id, since: null, until: null, dryRun: false } });
      return 1;
    }, "reconcile.run");
  }
  return started;
}

/** Reconciliations that are started in one go. */
const MAX_STARTED = 20;

async function isRunning({ tx }: Context, sourceKey: number): Promise<boolean> {
  const row = await tx!.db
    .selectFrom("task")
    .select("id")
    .where("app_id", "=", sourceKey)
    .where("kind", "=", "source.reconcile")
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
