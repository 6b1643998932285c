/** From the API's words to the domain's, and back. */
import type { Static } from "typebox";
import type { ReconcileData, ReconcileParams } from "../../domain/backfill/run.ts";
import type { Reconciliation, SetReconciliation } from "../../domain/backfill/settings.ts";
import { isoOrNull } from "../../domain/activity/record.ts";
import type { Task } from "../../domain/task/task.ts";
import type { ReconciliationIn } from "../models/catalogue.ts";

const MINUTE_MS = 60_000;

export function reconciliationOf(source: string, body: Static<typeof ReconciliationIn>): SetReconciliation {
  const { token = null, everyMinutes = null } = body;
  const common = { source, token, everyMs: everyMinutes === null ? null : everyMinutes * MINUTE_MS };
  if (body.provider === "github") {
    const { owner, hookId, mode = "redeliver", apiUrl = "https://api.github.com" } = body;
    return { ...common, provider: "github", settings: { owner, hookId, mode, apiUrl } };
  }
  const { account = null, eventTypes = [], apiUrl = "https://api.stripe.com" } = body;
  return { ...common, provider: "stripe", settings: { account, eventTypes, apiUrl } };
}

export function reconciliationOut({
  provider,
  settings,
  everyMs,
  nextAt,
  reconciledUntil,
  updatedAt,
}: Reconciliation): object {
  return {
    provider,
    settings,
    everyMinutes: everyMs === null ? null : everyMs / MINUTE_MS,
    nextAt: isoOrNull(nextAt),
    reconciledUntil: isoOrNull(reconciledUntil),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

export function reconcileRunOut(task: Task): object {
  // Made by `startReconciliation` alone.
  const { from, until, dryRun } = task.params as ReconcileParams;
  const { scanned, missing, fetched, redelivered, already, trouble, error, examples } = task.data as ReconcileData;
  return {
    id: task.id,
    state: task.state,
    dryRun,
    since: new Date(from).toISOString(),
    until: new Date(until).toISOString(),
    scanned,
    missing,
    fetched,
    redelivered,
    already,
    trouble: error ?? trouble,
    examples: examples.map((each) => ({ ...each, occurredAt: new Date(each.occurredAt).toISOString() })),
    createdAt: new Date(task.createdAt).toISOString(),
    updatedAt: new Date(task.updatedAt).toISOString(),
    endedAt: isoOrNull(task.endedAt),
  };
}
