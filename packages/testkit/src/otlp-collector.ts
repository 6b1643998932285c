/** Stand-in for an OpenTelemetry collector: receives OTLP over HTTP and decodes it with the official protobuf definitions. */
import { createServer } from "node:http";
import { requireOracle } from "../oracles/load.ts";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { eventually } from "./eventually.ts";

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number; readonly message: string };
}

export interface OtlpLog {
  readonly body: string;
  readonly severity: string;
  readonly traceId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpMetric {
  readonly name: string;
  readonly kind: "sum" | "gauge" | "histogram";
  readonly points: readonly { readonly value: number; readonly attributes: Readonly<Record<string, unknown>> }[];
}

/** A request as received. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly OtlpRequest[];
  readonly spans: readonly OtlpSpan[];
  readonly logs: readonly OtlpLog[];
  readonly metrics: readonly OtlpMetric[];
  /** Attributes of the resource of the last request. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Responds with these status codes to the next requests. */
  failWith(...statuses: readonly number[]): void;
  /** Never responds again. */
  hang(): void;
  waitForSpan(predicate: (span: OtlpSpan) => boolean): Promise<OtlpSpan>;
}

interface WireAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly doubleValue?: number;
    readonly intValue?: string | number;
  };
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number | string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly WireAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number | string; readonly message?: string };
}

interface WireLog {
  readonly severityText?: string;
  readonly traceId?: string;
  readonly body?: { readonly stringValue?: string };
  readonly attributes?: readonly WireAttribute[];
}

interface WirePoints {
  readonly dataPoints: readonly {
    readonly asDouble?: number;
    readonly count?: string;
    readonly attributes?: readonly WireAttribute[];
  }[];
}

interface WireMetric {
  readonly name: string;
  readonly sum?: WirePoints;
  readonly gauge?: WirePoints;
  readonly histogram?: WirePoints;
}

interface WireResource {
  readonly resource?: { readonly attributes?: readonly WireAttribute[] };
}

interface Decoded {
  readonly resourceSpans?: readonly (WireResource & {
    readonly scopeSpans: readonly { spans: readonly WireSpan[] }[];
  })[];
  readonly resourceLogs?: readonly (WireResource & {
    readonly scopeLogs: readonly { logRecords: readonly WireLog[] }[];
  })[];
  readonly resourceMetrics?: readonly (WireResource & {
    readonly scopeMetrics: readonly { metrics: readonly WireMetric[] }[];
  })[];
}

interface Codec {
  decode(bytes: Uint8Array): { toJSON(): Decoded };
}

interface OfficialRoot {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: Readonly<Record<string, { readonly v1: Readonly<Record<string, Codec>> }>>;
    };
  };
}

/** The messages that protoc generated from opentelemetry-proto. */
function officialCodec(signal: "trace" | "metrics" | "logs"): Codec {
  const root = requireOracle<OfficialRoot>("@opentelemetry/otlp-transformer/build/src/generated/root.js");
  const name = {
    trace: "ExportTraceServiceRequest",
    metrics: "ExportMetricsServiceRequest",
    logs: "ExportLogsServiceRequest",
  };
  return root.opentelemetry.proto.collector[signal]!.v1[name[signal]]!;
}

export async function startCollector(): Promise<OtlpCollector> {
  const requests: OtlpRequest[] = [];
  const spans: OtlpSpan[] = [];
  const logs: OtlpLog[] = [];
  const metrics: OtlpMetric[] = [];
  const failures: number[] = [];
  let resource: Readonly<Record<string, unknown>> = {};
  let hangs = false;

  const take = (path: string, request: Decoded, inHex: boolean): void => {
    const id = (text: unknown): string =>
      typeof text !== "string" ? "" : inHex ? text : Buffer.from(text, "base64").toString("hex");
    for (const of of request.resourceSpans ?? []) {
      resource = attributesOf(of.resource?.attributes);
      for (const { spans: found } of of.scopeSpans) for (const span of found) spans.push(spanOf(span, id));
    }
    for (const of of request.resourceLogs ?? []) {
      resource = attributesOf(of.resource?.attributes);
      for (const { logRecords } of of.scopeLogs) for (const log of logRecords) logs.push(logOf(log, id));
    }
    for (const of of request.resourceMetrics ?? []) {
      resource = attributesOf(of.resource?.attributes);
      for (const { metrics: found } of of.scopeMetrics) for (const metric of found) metrics.push(metricOf(metric));
    }
    if (!/^\/v1\/(traces|metrics|logs)$/.test(path)) throw new Error(`no signal at ${path}`);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (hangs) return;
      const failure = failures.shift();
      if (failure !== undefined) return void response.writeHead(failure).end("not now");
      const path = request.url ?? "";
      requests.push({ path, headers: request.headers });
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      const signal = path.endsWith("traces") ? "trace" : path.endsWith("metrics") ? "metrics" : "logs";
      if (request.headers["content-type"] === "application/json") {
        take(path, JSON.parse(body.toString()) as Decoded, true);
      } else {
        take(path, officialCodec(signal).decode(body).toJSON(), false);
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    spans,
    logs,
    metrics,
    get resource() {
      return resource;
    },
    failWith: (...statuses) => failures.push(...statuses),
    hang: () => void (hangs = true),
    waitForSpan: (predicate) =>
      eventually(() => {
        const span = spans.find(predicate);
        if (span === undefined) throw new Error(`not among ${spans.map(({ name }) => name).join(", ")}`);
        return span;
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function attributesOf(list: readonly WireAttribute[] = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.boolValue ??
        value.doubleValue ??
        (value.intValue === undefined ? "" : Number(value.intValue)),
    ]),
  );
}

const SPAN_KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS_CODES = ["UNSET", "OK", "ERROR"];

/** JSON contains numbers where the official decoder writes names. */
function numberOf(value: number | string | undefined, names: readonly string[], prefix: string): number {
  return typeof value === "number" ? value : names.indexOf((value ?? names[0]!).replace(prefix, ""));
}

function spanOf(span: WireSpan, id: (text: unknown) => string): OtlpSpan {
  return {
    traceId: id(span.traceId),
    spanId: id(span.spanId),
    parentSpanId: id(span.parentSpanId),
    name: span.name,
    kind: numberOf(span.kind, SPAN_KINDS, "SPAN_KIND_"),
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map((link) => ({ traceId: id(link.traceId), spanId: id(link.spanId) })),
    status: {
      code: numberOf(span.status?.code, STATUS_CODES, "STATUS_CODE_"),
      message: span.status?.message ?? "",
    },
  };
}

function logOf({ body, severityText = "", traceId, attributes }: WireLog, id: (text: unknown) => string): OtlpLog {
  return {
    body: body?.stringValue ?? "",
    severity: severityText,
    traceId: id(traceId),
    attributes: attributesOf(attributes),
  };
}

function metricOf({ name, sum, gauge, histogram }: WireMetric): OtlpMetric {
  const kind = sum !== undefined ? "sum" : gauge !== undefined ? "gauge" : "histogram";
  return {
    name,
    kind,
    points: (sum ?? gauge ?? histogram)!.dataPoints.map((point) => ({
      value: Number(point.asDouble ?? point.count ?? 0),
      attributes: attributesOf(point.attributes),
    })),
  };
}
