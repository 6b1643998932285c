/** Converts backfill settings and runs between API fields and domain values. */
import type { Static } from "typebox";
import type { BackfillData, BackfillParams } from "../../domain/backfill/run.ts";
import type { BackfillSettings, SetBackfillSettings } from "../../domain/backfill/settings.ts";
import { isoOrNull } from "../../domain/activity/record.ts";
import type { Task } from "../../domain/task/task.ts";
import type { BackfillSettingsIn } from "../models/backfill.ts";

const MINUTE_MS = 60_000;

export function backfillSettingsOf(source: string, body: Static<typeof BackfillSettingsIn>): SetBackfillSettings {
  const { token = null, everyMinutes = null } = body;
  const common = { source, token, everyMs: everyMinutes === null ? null : everyMinutes * MINUTE_MS };
  if (body.provider === "github") {
    const { owner, hookId, mode = "redeliver", apiUrl = "https://api.github.com" } = body;
    return { ...common, provider: "github", settings: { owner, hookId, mode, apiUrl } };
  }
  const { account = null, eventTypes = [], apiUrl = "https://api.stripe.com" } = body;
  return { ...common, provider: "stripe", settings: { account, eventTypes, apiUrl } };
}

export function backfillSettingsOut({
  provider,
  settings,
  everyMs,
  nextAt,
  backfilledUntil,
  updatedAt,
}: BackfillSettings): object {
  return {
    provider,
    settings,
    everyMinutes: everyMs === null ? null : everyMs / MINUTE_MS,
    nextAt: isoOrNull(nextAt),
    backfilledUntil: isoOrNull(backfilledUntil),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

export function backfillRunOut(task: Task): object {
  // Only `startBackfill` creates tasks of this kind.
  const { from, until, dryRun } = task.params as BackfillParams;
  const { scanned, missing, fetched, redelivered, duplicates, lastError, error, examples } = task.data as BackfillData;
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
    duplicates,
    lastError: error ?? lastError,
    examples: examples.map((each) => ({ ...each, occurredAt: new Date(each.occurredAt).toISOString() })),
    createdAt: new Date(task.createdAt).toISOString(),
    updatedAt: new Date(task.updatedAt).toISOString(),
    endedAt: isoOrNull(task.endedAt),
  };
}
