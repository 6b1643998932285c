/** Messages to and from transformation threads. */
import type { OpenApiDescription } from "../domain/event-type/openapi/describe.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { ParseJob, ParseResult } from "../sources/driver.ts";
import type { Conversion, ConversionResult } from "../format/convert.ts";

/** One run of a transformation on one message. */
export interface TransformRun {
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly webhook: WebhookFacts;
  /** Body of the message. */
  readonly payload: Uint8Array;
  readonly contentType: string;
}

/** Input of the code in addition to the payload. */
export interface WebhookFacts {
  readonly id: string;
  readonly url: string;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  /** Time of the message in Unix milliseconds, which the code sees as the current time. */
  readonly time: number;
  /** The inbound request, for messages of a source. */
  readonly request?: object;
}

export type RunResult = RunReturned | RunFailed;

/** The code returned an object. Untrusted: only the types of its parts have been checked. */
export interface RunReturned {
  readonly kind: "returned";
  readonly method: string;
  readonly url: string;
  readonly cancel: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
  /** `null`: unchanged. */
  readonly payload: { readonly kind: "json" | "text"; readonly text: string } | null;
  readonly logs: readonly string[];
  /** CPU time in milliseconds. */
  readonly cpuMs: number;
}

export interface RunFailed {
  readonly kind: "failed";
  readonly reason: RunFailure;
  /** For the author of the code; includes the line. */
  readonly message: string;
  /** Line of the code, from 1; `null`: unknown. */
  readonly line: number | null;
  readonly logs: readonly string[];
  readonly cpuMs: number;
}

export type RunFailure =
  /** The code is not valid JavaScript, or has no `handler`. */
  | "syntax"
  | "threw"
  /** It returned something other than the webhook. */
  | "returned_nothing"
  /** It awaited a promise that never settled. */
  | "never_settled"
  | "timeout"
  | "memory"
  | "too_large"
  /** It crashed the sandbox. Other runs are not affected. */
  | "crashed";

export interface SandboxLimits {
  /** CPU time in milliseconds. */
  readonly cpuMs: number;
  /** Memory of the code in bytes. */
  readonly memoryBytes: number;
  /** Maximum size of the returned payload in bytes. */
  readonly outputBytes: number;
}

export type ThreadRequest = { readonly id: number } & (
  | { readonly op: "run"; readonly run: TransformRun }
  /** Runs the code without calling its handler. */
  | { readonly op: "check"; readonly code: string }
  | { readonly op: "convert"; readonly conversion: Conversion }
  /** `request`: the body of an import. */
  | { readonly op: "describe"; readonly request: Uint8Array }
  | { readonly op: "diagnose"; readonly job: DiagnosisJob }
  | { readonly op: "parse"; readonly document: ParseJob }
);

/** Result from a thread; `null`: the checked code has no errors. */
export type ThreadResult = RunResult | ConversionResult | OpenApiDescription | DiagnosisReport | ParseResult | null;

export type ThreadMessage =
  | { readonly kind: "ready" }
  /** `worn`: the thread should be replaced. */
  | { readonly kind: "done"; readonly id: number; readonly result: ThreadResult; readonly worn: boolean };

/** The queue is full or the node is shutting down. The job was not run and can be retried. */
export interface Busy {
  readonly kind: "busy";
}

/** Transformation as stored, encrypted: code and variables may contain secrets. */
export interface Transformation {
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}
