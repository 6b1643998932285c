/** Log of the process: one JSON object per line, or formatted for a terminal. It never contains secrets. */
import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import type { PinoPretty } from "pino-pretty";
import { PosthornError } from "./errors.ts";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
}

/** Fields of log entries that could hold secrets. */
const REDACTED = [
  "authorization",
  "*.authorization",
  "headers.authorization",
  "req.headers.authorization",
  "token",
  "*.token",
  "secret",
  "*.secret",
];

export function createLog({ level, format }: LogOptions): Logger {
  const options = { level, redact: REDACTED, base: null };
  if (format === "json") return pino(options);
  // Servers log JSON, so the formatter is loaded only for a terminal.
  const pretty = createRequire(import.meta.url)("pino-pretty") as typeof PinoPretty;
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

/**
 * Logs a failure that will be retried. When the database is unavailable, the store logs that once; the failures that follow from it are
 * logged at level debug.
 */
export function reporter(log: Logger): (error: unknown, what: string, facts?: object) => void {
  return (error, what, facts = {}) => {
    const away = error instanceof PosthornError && error.code === "storage_unavailable";
    log[away ? "debug" : "error"]({ err: error, ...facts }, what);
  };
}
