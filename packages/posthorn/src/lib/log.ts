/** The log of the process: one JSON object a line, or lines for people. Secrets are never in it. */
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { isStoreAway } from "../store/errors.ts";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
}

/** Where secrets could stand in what is logged. */
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
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

/** Writes down what failed and will be tried again. That the database is away is said once, by its store, and not by everybody who misses it. */
export function reporter(log: Logger): (error: unknown, what: string, facts?: object) => void {
  return (error, what, facts = {}) => {
    log[isStoreAway(error) ? "debug" : "error"]({ err: error, ...facts }, what);
  };
}
