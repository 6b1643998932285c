/** Spans, as the domain and delivery note them. `telemetry/` implements these interfaces; without OpenTelemetry there is no implementation. */
import type { SendResult } from "../destinations/destination.ts";
import type { Job } from "../store/delivery.ts";
import type { AcceptEntry } from "../store/store.ts";

export type TracedMessage = Pick<AcceptEntry, "id" | "publicId" | "eventType" | "payload" | "traceContext">;

/** Contexts are in the form of `lib/trace-context.ts`. */
export interface MessageTracing {
  /** Context of the span of a publish, which is stored with the message. @param caller Context of the publisher; `null`: none. */
  publishing(key: number, caller: string | null): string;
  /** A message was stored with the context that `publishing` returned. */
  published(message: TracedMessage, caller: string | null): void;
}

export interface FinishedAttempt {
  readonly job: Job;
  readonly endpointId: string;
  readonly destinationKind: string;
  readonly key: number;
  readonly publicId: string;
  /** `null`: nothing was sent, because the request could not be built. */
  readonly sent: Exclude<SendResult, { kind: "own_fault" }> | null;
  readonly durationMs: number;
  readonly errorCode: string | null;
  /** Sentence of a failure; `null`: it succeeded. */
  readonly error: string | null;
  readonly transformed: TransformSpan | null;
}

export interface TransformSpan {
  /** Unix milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly error: string | null;
}

export interface AttemptTracing {
  /** Context that the endpoint receives. */
  attempting(message: { readonly publicId: string; readonly trace: string | null }, attemptKey: number): string;
  attempted(attempt: FinishedAttempt): void;
}

/** A span that has begun. */
export interface OpenSpan<Result> {
  readonly context: string;
  end(result: Result): void;
}

export interface InboundTracing {
  /** Ends with the status code of the response. */
  inbound(
    source: { readonly id: string; readonly provider: string },
    request: {
      readonly method: string;
      readonly address: string;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    },
  ): OpenSpan<number>;
}

export interface SourceTracing {
  /** A poll of a source, or events received over a connection to it. */
  sourceRun(source: { readonly id: string; readonly kind: string }): OpenSpan<{ events: number; error: string | null }>;
}

export type Tracing = MessageTracing & AttemptTracing & InboundTracing & SourceTracing;
