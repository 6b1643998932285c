/** Logs and links to traces. */
import { parseChoice, parseDecimal, parseTraceUrl } from "../parse.ts";
import { setting } from "../setting.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const LOG_FORMATS = ["json", "pretty"] as const;

export const loggingSettings = {
  logLevel: setting({
    name: "POSTHORN_LOG_LEVEL",
    help: `Minimum severity that is logged: ${LOG_LEVELS.join(", ")}.`,
    default: "info",
    parse: (text) => parseChoice(text, LOG_LEVELS),
  }),
  logFormat: setting({
    name: "POSTHORN_LOG_FORMAT",
    help: "Log format: json (one object per line) or pretty (for reading in a terminal).",
    default: "json",
    devDefault: "pretty",
    parse: (text) => parseChoice(text, LOG_FORMATS),
  }),
  traceUrl: setting({
    name: "POSTHORN_TRACE_URL",
    help: "Link from messages and attempts to your tracing tool, with {traceId} and optionally {spanId}, such as https://jaeger.example.com/trace/{traceId}. Shown to the organisation only. Empty: no links.",
    default: "",
    parse: parseTraceUrl,
  }),
  traceSlow: setting({
    name: "POSTHORN_TRACE_SLOW",
    help: "Minimum duration in seconds of a slow attempt. Slow and failed attempts are exported regardless of OTEL_TRACES_SAMPLER, except with always_off.",
    default: "5",
    parse: (text) => parseDecimal(text, { min: 0, max: 600 }),
  }),
} as const;
