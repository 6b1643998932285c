/** How a read changes the health of its source. Pure. */
import type { SourceRun as RunHealth } from "../domain/source/run.ts";
import { PosthornError } from "../lib/errors.ts";
import { SourceFailure } from "../sources/driver.ts";

/** The read ended without a result. Nothing was written, and there is nothing to report. */
export class Dropped extends Error {}

export function succeeded(
  run: RunHealth,
  { now, nextAt, stored }: { readonly now: number; readonly nextAt: number | null; readonly stored: number },
): RunHealth {
  return {
    state: "waiting",
    failures: 0,
    failingSince: null,
    error: null,
    announcedAt: run.announcedAt,
    lastSuccessAt: now,
    lastFailureAt: run.lastFailureAt,
    lastEventAt: stored > 0 ? now : run.lastEventAt,
    events: run.events + stored,
    nextAt,
  };
}

export function failed(run: RunHealth, { code, message, hint }: SourceFailure, now: number) {
  return {
    state: "failing" as const,
    failures: run.failures + 1,
    failingSince: run.failingSince ?? now,
    error: { code, message, hint },
    lastFailureAt: now,
  };
}

/** `null`: the read was stopped, or the database is unavailable. */
export function failureOf(error: unknown, signal: AbortSignal): SourceFailure | null {
  const cause = signal.aborted ? (signal.reason as unknown) : error;
  if (cause instanceof SourceFailure) return cause;
  if (cause instanceof Dropped || (cause instanceof PosthornError && cause.status >= 500)) return null;
  return new SourceFailure("internal", "Posthorn could not read the source because of an internal error.", {
    hint: cause instanceof Error ? `Report this: ${cause.message}` : null,
  });
}
