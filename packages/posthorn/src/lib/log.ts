/** Log of the process: one JSON object per line, or formatted for a terminal. It never contains secrets. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Logger, pino } from "pino";
import type { PinoPretty } from "pino-pretty";
import { PosthornError } from "./errors.ts";
import { threadFile } from "./thread-file.ts";

export type { Logger };

export interface LogOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Whether sinks can be attached, which costs a little for each entry. */
  readonly exportable?: boolean;
  /** Number of the thread, which each entry names; absent: the process has only one. */
  readonly thread?: number | null;
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

/** Receives each entry as one line of JSON. */
type LogSink = (line: string) => void;

/** Sinks of the logs that were created as `exportable`. */
const SINKS = new WeakMap<object, Set<LogSink>>();

/** Forwards the entries of a log from now on. Returns a function that stops this. A log of a host program has no sinks. */
export function attachLogSink(log: Logger, sink: LogSink): () => void {
  const sinks = SINKS.get(log);
  sinks?.add(sink);
  return () => sinks?.delete(sink);
}

export function createLog({ level, format, exportable = false, thread = null }: LogOptions): Logger {
  const options = { level, redact: REDACTED, base: thread === null ? null : { thread } };
  if (exportable) return exportableLog(options, format);
  if (format === "json") return pino(options);
  return pino(options, prettyStream());
}

/** Servers log JSON, so the formatter is loaded only for a terminal. */
function prettyStream(): PinoPretty.PrettyStream {
  const file = fileURLToPath(threadFile("./pretty", import.meta.url));
  const { pretty } = createRequire(import.meta.url)(file) as { pretty: typeof PinoPretty };
  return pretty({ ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss.l", sync: true });
}

function exportableLog(options: object, format: LogOptions["format"]): Logger {
  const sinks = new Set<LogSink>();
  const out = format === "json" ? pino.destination({ sync: true }) : prettyStream();
  const log = pino(options, {
    write: (line: string) => {
      out.write(line);
      for (const sink of sinks) sink(line);
    },
  });
  SINKS.set(log, sinks);
  return log;
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
