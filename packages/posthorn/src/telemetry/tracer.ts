/**
 * Builds spans. A message carries the context of the span it came with: that of its publish, of the inbound request, or of the run of its
 * source. Its attempts are in the same trace, as children of that span and linked to it.
 *
 * IDs of spans of messages and attempts are their keys, so that pages can link to them without storing anything.
 */
import { createHash, randomFillSync } from "node:crypto";
import type { TelemetryConfig } from "../config/telemetry.ts";
import type { SendResult } from "../destinations/destination.ts";
import type {
  AttemptTracing,
  FinishedAttempt,
  InboundTracing,
  OpenSpan,
  SourceTracing,
  TracedMessage,
  MessageTracing,
} from "../domain/tracing.ts";
import { timeOfKey } from "../lib/id.ts";
import { formatTraceContext, parseTraceContext, readTraceContext, type TraceContext } from "../lib/trace-context.ts";
import { isSampled } from "./sampling.ts";
import { type AttributeValue, SPAN_KIND, type SpanCells } from "./types.ts";

export interface TracerOptions {
  readonly config: Pick<TelemetryConfig, "sampler">;
  readonly slowMs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Scheme at which customers reach this server. */
  readonly scheme: string;
  readonly emit: (span: SpanCells) => void;
}

type Cells = (string | AttributeValue)[];

export class Tracer implements MessageTracing, AttemptTracing, InboundTracing, SourceTracing {
  readonly #options: TracerOptions;
  readonly #keepsFaults: boolean;

  constructor(options: TracerOptions) {
    this.#options = options;
    this.#keepsFaults = options.config.sampler.name !== "always_off";
  }

  publishing(key: number, caller: string | null): string {
    return formatTraceContext(this.#child(caller, spanIdOf(key)));
  }

  published({ id, publicId, eventType, payload, traceContext }: TracedMessage, caller: string | null): void {
    const context = parseTraceContext(traceContext!);
    if (!context.sampled) return;
    this.#emit(context, {
      parent: caller === null ? "" : parseTraceContext(caller).spanId,
      name: `send ${eventType}`,
      kind: SPAN_KIND.producer,
      start: timeOfKey(id),
      end: this.#options.now(),
      error: null,
      attributes: [
        "messaging.system",
        "posthorn",
        "messaging.operation.name",
        "publish",
        "messaging.operation.type",
        "send",
        "messaging.destination.name",
        eventType,
        "messaging.message.id",
        publicId,
        "messaging.message.body.size",
        payload.byteLength,
      ],
    });
  }

  attempting(message: { readonly publicId: string; readonly trace: string | null }, attemptKey: number): string {
    return formatTraceContext({ ...this.#contextOf(message), spanId: spanIdOf(attemptKey) });
  }

  attempted(attempt: FinishedAttempt): void {
    const { job, sent, durationMs, error, transformed } = attempt;
    const isKept = error !== null || durationMs >= this.#options.slowMs;
    const stored = this.#contextOf({ publicId: job.publicId, trace: job.traceContext ?? null });
    if (!stored.sampled && !(isKept && this.#keepsFaults)) return;
    const end = this.#options.now();
    const start = Math.min(end - durationMs, transformed?.start ?? end);
    const context = { ...stored, spanId: spanIdOf(attempt.key) };
    // If the publish was not sampled, its span was not exported and would be missing as a parent.
    const parent = stored.sampled && stored.spanId !== "" ? stored.spanId : "";
    const link = stored.spanId === "" ? null : ([stored.traceId, stored.spanId, stored.state] as const);
    const shape = sent === null ? UNSENT : requestSpan(attempt, sent);
    this.#emit(context, {
      parent,
      link,
      ...shape,
      start,
      end,
      error,
      attributes: [...attemptAttributes(attempt), ...shape.attributes],
    });
    if (transformed === null) return;
    const { start: from, end: until, error: failure } = transformed;
    this.#emit(
      { ...stored, spanId: randomId(8) },
      { parent: context.spanId, name: "transform", kind: SPAN_KIND.internal, start: from, end: until, error: failure },
    );
  }

  inbound(
    source: { readonly id: string; readonly provider: string },
    request: Parameters<InboundTracing["inbound"]>[1],
  ): OpenSpan<number> {
    // Anyone can call the URL of a source, so a caller's context is linked, and decides neither trace nor sampling.
    const remote = readTraceContext(request.headers);
    const context = this.#child(null, randomId(8));
    const start = this.#options.now();
    const { method, address } = request;
    return {
      context: formatTraceContext(context),
      end: (status) => {
        const end = this.#options.now();
        const isFault = status >= 500;
        if (!context.sampled && !(this.#keepsFaults && (isFault || end - start >= this.#options.slowMs))) return;
        this.#emit(context, {
          name: `${method} /in/{token}`,
          kind: SPAN_KIND.server,
          start,
          end,
          error: isFault ? `HTTP ${status}` : null,
          link: remote === null ? null : linkTo(parseTraceContext(remote)),
          attributes: [
            "http.request.method",
            method,
            "http.route",
            "/in/{token}",
            "url.path",
            "/in/{token}",
            "url.scheme",
            this.#options.scheme,
            "http.response.status_code",
            status,
            "client.address",
            address,
            "posthorn.source.id",
            source.id,
            "posthorn.source.provider",
            source.provider,
            ...(isFault ? ["error.type", String(status)] : []),
          ],
        });
      },
    };
  }

  sourceRun(source: {
    readonly id: string;
    readonly kind: string;
  }): OpenSpan<{ events: number; error: string | null }> {
    const context = this.#child(null, randomId(8));
    const start = this.#options.now();
    return {
      context: formatTraceContext(context),
      end: ({ events, error }) => {
        const end = this.#options.now();
        if (!context.sampled && !(this.#keepsFaults && (error !== null || end - start >= this.#options.slowMs))) return;
        this.#emit(context, {
          name: `receive ${source.kind}`,
          kind: SPAN_KIND.consumer,
          start,
          end,
          error,
          attributes: [
            "messaging.system",
            source.kind,
            "messaging.operation.name",
            "receive",
            "messaging.operation.type",
            "receive",
            "messaging.batch.message_count",
            events,
            "posthorn.source.id",
            source.id,
            "posthorn.source.kind",
            source.kind,
          ],
        });
      },
    };
  }

  /** Context of a new span below that of a caller, or of a new trace. */
  #child(caller: string | null, spanId: string): TraceContext {
    if (caller === null) {
      const traceId = randomId(16);
      return { traceId, spanId, sampled: isSampled(this.#options.config.sampler, traceId, null), state: "" };
    }
    const { traceId, sampled, state } = parseTraceContext(caller);
    return { traceId, spanId, sampled: isSampled(this.#options.config.sampler, traceId, sampled), state };
  }

  /** Context of a message. Without a stored one, its ID determines the trace, so that all of its attempts share it. */
  #contextOf({ publicId, trace }: { readonly publicId: string; readonly trace: string | null }): TraceContext {
    if (trace !== null) return parseTraceContext(trace);
    const traceId = createHash("sha256").update(publicId).digest("hex").slice(0, 32);
    return { traceId, spanId: "", sampled: isSampled(this.#options.config.sampler, traceId, null), state: "" };
  }

  #emit(
    { traceId, spanId, state }: TraceContext,
    span: {
      readonly parent?: string;
      readonly name: string;
      readonly kind: SpanCells[5];
      readonly start: number;
      readonly end: number;
      readonly error: string | null;
      readonly attributes?: Cells;
      readonly link?: SpanCells[10];
    },
  ): void {
    const { parent = "", name, kind, start, end, error, attributes = [], link = null } = span;
    this.#options.emit([traceId, spanId, parent, state, name, kind, start, end, error, attributes, link]);
  }
}

/** The span of an attempt that failed before a request was made. */
const UNSENT = { name: "build request", kind: SPAN_KIND.internal, attributes: [] as Cells } as const;

function attemptAttributes({ job, endpointId, publicId, errorCode }: FinishedAttempt): Cells {
  const attributes: Cells = ["messaging.message.id", job.publicId, "posthorn.endpoint.id", endpointId];
  attributes.push(
    "posthorn.attempt.id",
    publicId,
    "posthorn.attempt.trigger",
    job.trigger === 0 ? "schedule" : "manual",
  );
  if (job.labels !== undefined) attributes.push("posthorn.event_type", job.labels.eventType);
  if (errorCode !== null) attributes.push("error.type", errorCode);
  return attributes;
}

/** Name, kind and attributes by the conventions for HTTP clients, or for messaging if the destination is not HTTP. */
function requestSpan(
  { job, destinationKind }: FinishedAttempt,
  sent: Exclude<SendResult, { kind: "own_fault" }>,
): { readonly name: string; readonly kind: SpanCells[5]; readonly attributes: Cells } {
  const url = URL.parse(sent.target);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const attributes: Cells = ["messaging.system", destinationKind, "messaging.operation.name", "send"];
    attributes.push("messaging.operation.type", "send");
    return { name: `send ${destinationKind}`, kind: SPAN_KIND.producer, attributes };
  }
  const { method, peer } = sent.facts;
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  // The query of a webhook URL often is a credential.
  const attributes: Cells = ["http.request.method", method, "url.full", `${url.origin}${url.pathname}`];
  attributes.push("server.address", url.hostname, "server.port", port, "posthorn.destination.kind", destinationKind);
  if (sent.responseCode !== 0) attributes.push("http.response.status_code", sent.responseCode);
  if (job.attempts > 0) attributes.push("http.request.resend_count", job.attempts);
  if (peer !== null)
    attributes.push("network.peer.address", peer.slice(0, peer.lastIndexOf(":")).replaceAll(/[[\]]/g, ""));
  return { name: method, kind: SPAN_KIND.client, attributes };
}

function linkTo({ traceId, spanId, state }: TraceContext): SpanCells[10] {
  return [traceId, spanId, state];
}

/** Keys are unique over all nodes and never 0. */
export function spanIdOf(key: number): string {
  return key.toString(16).padStart(16, "0");
}

const POOL = Buffer.allocUnsafe(8192);
let at = POOL.length;

/** Random hexadecimal ID of this many bytes. */
function randomId(bytes: number): string {
  if (at + bytes > POOL.length) {
    randomFillSync(POOL);
    at = 0;
  }
  at += bytes;
  return POOL.toString("hex", at - bytes, at);
}
