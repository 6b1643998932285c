/** Combines the settings of OpenTelemetry into a configuration, as the OTLP exporter specification says. */
import { PosthornError } from "../lib/errors.ts";
import type { SettingValues } from "./settings.ts";
import { type SAMPLERS, telemetrySettings } from "./settings/telemetry.ts";

/** How one signal is exported. */
export interface SignalExport {
  readonly url: string;
  readonly protocol: "http/protobuf" | "http/json";
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly gzip: boolean;
  /** Paths of PEM files; empty: none. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface Sampler {
  readonly name: (typeof SAMPLERS)[number];
  readonly ratio: number;
}

export interface TelemetryConfig {
  readonly traces: SignalExport | null;
  readonly metrics: SignalExport | null;
  readonly logs: SignalExport | null;
  /** Attributes of the resource, without those that the process adds. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: Sampler;
  readonly metricIntervalMs: number;
  readonly queueSize: number;
  readonly batchSize: number;
  readonly delayMs: number;
}

type Values = Pick<SettingValues, keyof typeof telemetrySettings>;
type Signal = "Traces" | "Metrics" | "Logs";

const DEFAULT_ENDPOINT = "http://localhost:4318";
const DEFAULT_TIMEOUT_MS = 10_000;

/** `null`: nothing is exported, and no code of telemetry is loaded. */
export function telemetryOf(values: Values): TelemetryConfig | null {
  if (values.otelSdkDisabled === true) return null;
  const [traces, metrics, logs] = [signalOf(values, "Traces"), signalOf(values, "Metrics"), signalOf(values, "Logs")];
  if (traces === null && metrics === null && logs === null) return null;
  const attributes = listOf("otelResourceAttributes", values.otelResourceAttributes);
  const service = values.otelServiceName || attributes["service.name"] || "posthorn";
  return {
    traces,
    metrics,
    logs,
    resource: { ...attributes, "service.name": service },
    sampler: { name: values.otelTracesSampler, ratio: values.otelTracesSamplerArg ?? 1 },
    metricIntervalMs: values.otelMetricExportInterval,
    queueSize: values.otelBspMaxQueueSize,
    batchSize: Math.min(values.otelBspMaxExportBatchSize, values.otelBspMaxQueueSize),
    delayMs: values.otelBspScheduleDelay,
  };
}

/** `null`: the signal is not exported. */
function signalOf(values: Values, signal: Signal): SignalExport | null {
  const chosen = values[`otel${signal}Exporter`];
  const own = values[`otelExporterOtlp${signal}Endpoint`];
  const shared = values.otelExporterOtlpEndpoint;
  if (chosen === "none" || (chosen === null && own === null && shared === null)) return null;
  const headers = values[`otelExporterOtlp${signal}Headers`];
  const key = headers === "" ? "otelExporterOtlpHeaders" : (`otelExporterOtlp${signal}Headers` as const);
  return {
    url: own ?? `${(shared ?? DEFAULT_ENDPOINT).replace(/\/+$/, "")}/v1/${signal.toLowerCase()}`,
    protocol: values[`otelExporterOtlp${signal}Protocol`] ?? values.otelExporterOtlpProtocol ?? "http/protobuf",
    headers: Object.fromEntries(
      Object.entries(listOf(key, values[key])).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    timeoutMs: values[`otelExporterOtlp${signal}Timeout`] ?? values.otelExporterOtlpTimeout ?? DEFAULT_TIMEOUT_MS,
    gzip: (values[`otelExporterOtlp${signal}Compression`] ?? values.otelExporterOtlpCompression) === "gzip",
    tls: {
      ca: values[`otelExporterOtlp${signal}Certificate`] || values.otelExporterOtlpCertificate,
      cert: values[`otelExporterOtlp${signal}ClientCertificate`] || values.otelExporterOtlpClientCertificate,
      key: values[`otelExporterOtlp${signal}ClientKey`] || values.otelExporterOtlpClientKey,
    },
  };
}

/** Parses `name=value,name=value` with percent-encoded values (W3C baggage). */
function listOf(key: keyof typeof telemetrySettings, text: string): Readonly<Record<string, string>> {
  const entries = text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => {
      const at = item.indexOf("=");
      try {
        if (at > 0) return [item.slice(0, at).trim(), decodeURIComponent(item.slice(at + 1).trim())] as const;
      } catch {
        // Falls through to the error below.
      }
      const reason = "it is not a list such as name=value,other=value with percent-encoded values";
      throw new PosthornError("config_invalid", `${telemetrySettings[key].name} is wrong: ${reason}.`);
    });
  return Object.fromEntries(entries);
}
