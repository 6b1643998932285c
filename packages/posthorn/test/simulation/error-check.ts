/** Whether what fails fails with one of our own errors. */
import { pino } from "pino";
import { PosthornError } from "../../src/lib/errors.ts";
import type { Logger } from "../../src/lib/log.ts";
import type { Verdict } from "./verdict.ts";

/** Writes nothing, and sees to it that what is logged as a failure is one of our own. */
export function judgingLog(verdict: Verdict): Logger {
  return pino({
    level: "debug",
    hooks: {
      logMethod: ([facts]) => {
        if (typeof facts === "object" && facts !== null && "err" in facts) expectOwnError(verdict, facts.err);
      },
    },
  });
}

/** What fails must fail with an error that says what to do, and not with a slip of ours. */
export function expectOwnError(verdict: Verdict, error: unknown): void {
  if (error instanceof PosthornError) return;
  verdict.broken("nothing_unexpected", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
