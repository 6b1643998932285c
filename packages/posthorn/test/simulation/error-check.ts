/** Checks that every failure is one of our own errors. */
import { pino } from "pino";
import { PosthornError } from "../../src/lib/errors.ts";
import type { Logger } from "../../src/lib/log.ts";
import type { Verdict } from "./verdict.ts";

/** Logger that discards its lines and checks that logged failures are our own errors. */
export function checkingLog(verdict: Verdict): Logger {
  return pino({
    level: "debug",
    hooks: {
      logMethod: ([facts]) => {
        if (typeof facts === "object" && facts !== null && "err" in facts) expectOwnError(verdict, facts.err);
      },
    },
  });
}

/** A failure must be an error that says what to do, and not an unexpected one. */
export function expectOwnError(verdict: Verdict, error: unknown): void {
  if (error instanceof PosthornError) return;
  verdict.broken("nothing_unexpected", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
