/** Settings of OpenTelemetry: the standard variables, under their standard names. `config/telemetry.ts` combines them. */
import { parseChoice, parseDecimal, parseInteger, parseSwitch, parseText } from "../parse.ts";
import { setting, type Setting } from "../setting.ts";

const SIGNALS = ["TRACES", "METRICS", "LOGS"] as const;
const PROTOCOLS = ["http/protobuf", "http/json"] as const;
export const SAMPLERS = [
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
  "always_on",
  "always_off",
  "traceidratio",
] as const;

/** The standard says that an empty variable is the same as one that is not set. */
function unlessEmpty<T>(parse: (text: string) => T): (text: string) => T | null {
  return (text) => (text.trim() === "" ? null : parse(text));
}

function parseProtocol(text: string): (typeof PROTOCOLS)[number] {
  if (text.trim() === "grpc") {
    throw new Error(
      "Posthorn exports over HTTP only: set http/protobuf, and the collector's port for it, usually 4318",
    );
  }
  return parseChoice(text, PROTOCOLS);
}

function parseUrl(text: string): string {
  const url = text.trim();
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) throw new Error(`"${text}" is not an http or https URL`);
  return url;
}

const milliseconds = (text: string): number => parseInteger(text, { min: 1, max: 600_000 });

/** Variables of one signal; `signal` empty: those for all signals. Keys are the flags in camel case. */
function exporter<const Key extends string>(key: Key, signal: (typeof SIGNALS)[number] | "") {
  const infix = signal === "" ? "" : `${signal}_`;
  const of = signal === "" ? "all signals" : signal.toLowerCase();
  const above = signal === "" ? "" : " Empty: as for all signals.";
  const name = (end: string): string => `OTEL_EXPORTER_OTLP_${infix}${end}`;
  return {
    [`${key}Endpoint`]: setting({
      name: name("ENDPOINT"),
      help:
        signal === ""
          ? "URL of the OpenTelemetry collector for all signals, such as http://localhost:4318. /v1/traces, /v1/metrics and /v1/logs are appended. Empty: no telemetry is exported."
          : `URL to which ${of} are sent, with its path.${above}`,
      default: "",
      parse: unlessEmpty(parseUrl),
    }),
    [`${key}Protocol`]: setting({
      name: name("PROTOCOL"),
      help: `Encoding of ${of}: http/protobuf or http/json.${above}`,
      default: "",
      parse: unlessEmpty(parseProtocol),
    }),
    [`${key}Headers`]: setting({
      name: name("HEADERS"),
      help: `Headers of the export of ${of}, as name=value, separated by commas; values are percent-encoded.${above}`,
      default: "",
      secret: true,
      parse: parseText,
    }),
    [`${key}Timeout`]: setting({
      name: name("TIMEOUT"),
      help: `Milliseconds that one export of ${of} may take, with its retries.${signal === "" ? " Empty: 10000." : above}`,
      default: "",
      parse: unlessEmpty(milliseconds),
    }),
    [`${key}Compression`]: setting({
      name: name("COMPRESSION"),
      help: `Compression of ${of}: gzip or none.${above}`,
      default: "",
      parse: unlessEmpty((text) => parseChoice(text, ["gzip", "none"])),
    }),
    [`${key}Certificate`]: setting({
      name: name("CERTIFICATE"),
      help: `File with the certificate authorities, in PEM, that verify the collector of ${of}.${above}`,
      default: "",
      parse: parseText,
    }),
    [`${key}ClientCertificate`]: setting({
      name: name("CLIENT_CERTIFICATE"),
      help: `File with the client certificate in PEM for the collector of ${of}.${above}`,
      default: "",
      parse: parseText,
    }),
    [`${key}ClientKey`]: setting({
      name: name("CLIENT_KEY"),
      help: `File with the private key of the client certificate in PEM.${above}`,
      default: "",
      parse: parseText,
    }),
  } as Record<`${Key}Endpoint`, Setting<string | null>> &
    Record<`${Key}Protocol`, Setting<(typeof PROTOCOLS)[number] | null>> &
    Record<`${Key}Headers`, Setting<string>> &
    Record<`${Key}Timeout`, Setting<number | null>> &
    Record<`${Key}Compression`, Setting<"gzip" | "none" | null>> &
    Record<`${Key}Certificate` | `${Key}ClientCertificate` | `${Key}ClientKey`, Setting<string>>;
}

function chosen(signal: (typeof SIGNALS)[number]) {
  return setting({
    name: `OTEL_${signal}_EXPORTER`,
    help: `Exporter of ${signal.toLowerCase()}: otlp or none. Empty: otlp if an endpoint is set.`,
    default: "",
    parse: unlessEmpty((text) => parseChoice(text, ["otlp", "none"])),
  });
}

export const telemetrySettings = {
  otelSdkDisabled: setting({
    name: "OTEL_SDK_DISABLED",
    help: "Turns OpenTelemetry off, regardless of other settings: true or false.",
    default: "",
    parse: unlessEmpty((text) => parseSwitch(text.toLowerCase())),
  }),
  otelServiceName: setting({
    name: "OTEL_SERVICE_NAME",
    help: "Name of the service in telemetry. Empty: service.name of OTEL_RESOURCE_ATTRIBUTES, or posthorn.",
    default: "",
    parse: parseText,
  }),
  otelResourceAttributes: setting({
    name: "OTEL_RESOURCE_ATTRIBUTES",
    help: "Attributes of all telemetry, as name=value, separated by commas, such as deployment.environment.name=production.",
    default: "",
    parse: parseText,
  }),
  otelTracesExporter: chosen("TRACES"),
  otelMetricsExporter: chosen("METRICS"),
  otelLogsExporter: chosen("LOGS"),
  ...exporter("otelExporterOtlp", ""),
  ...exporter("otelExporterOtlpTraces", "TRACES"),
  ...exporter("otelExporterOtlpMetrics", "METRICS"),
  ...exporter("otelExporterOtlpLogs", "LOGS"),
  otelTracesSampler: setting({
    name: "OTEL_TRACES_SAMPLER",
    help: `Which traces are exported: ${SAMPLERS.join(", ")}. Failed and slow attempts are always exported, except with always_off.`,
    default: "parentbased_always_on",
    parse: (text) => parseChoice(text.trim() === "" ? "parentbased_always_on" : text, SAMPLERS),
  }),
  otelTracesSamplerArg: setting({
    name: "OTEL_TRACES_SAMPLER_ARG",
    help: "Share of the traces that traceidratio and parentbased_traceidratio export, from 0 to 1. Empty: 1.",
    default: "",
    parse: unlessEmpty((text) => parseDecimal(text, { min: 0, max: 1 })),
  }),
  otelMetricExportInterval: setting({
    name: "OTEL_METRIC_EXPORT_INTERVAL",
    help: "Milliseconds between exports of metrics.",
    default: "60000",
    parse: (text) => parseInteger(text.trim() === "" ? "60000" : text, { min: 100, max: 3_600_000 }),
  }),
  otelBspMaxQueueSize: setting({
    name: "OTEL_BSP_MAX_QUEUE_SIZE",
    help: "Maximum number of spans, and of log records, that wait in memory for the collector. Others are dropped and counted.",
    default: "16384",
    parse: (text) => parseInteger(text.trim() === "" ? "16384" : text, { min: 1, max: 1_000_000 }),
  }),
  otelBspMaxExportBatchSize: setting({
    name: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    help: "Maximum number of spans, or of log records, in one request to the collector.",
    default: "512",
    parse: (text) => parseInteger(text.trim() === "" ? "512" : text, { min: 1, max: 10_000 }),
  }),
  otelBspScheduleDelay: setting({
    name: "OTEL_BSP_SCHEDULE_DELAY",
    help: "Maximum time in milliseconds that spans and log records wait before they are exported.",
    default: "5000",
    parse: (text) => parseInteger(text.trim() === "" ? "5000" : text, { min: 1, max: 600_000 }),
  }),
} as const;
