/** Messages to and from transformation threads. */
import type { OpenApiDescription } from "../domain/event-type/openapi/describe.ts";
import type { DiagnosisJob, DiagnosisReport } from "../ingest/diagnosis.ts";
import type { Conversion, ConversionResult } from "../format/convert.ts";

/** One run of a transformation on one message. */
export interface TransformRun {
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly webhook: WebhookFacts;
  /** The bytes of the message. */
  readonly payload: Uint8Array;
  readonly contentType: string;
}

/** What the code sees beside the payload. */
export interface WebhookFacts {
  readonly id: string;
  readonly url: string;
  readonly eventType: string;
  readonly eventId: string | null;
  readonly channels: readonly string[] | null;
  readonly tags: readonly string[] | null;
  /** Unix milliseconds of the message: the time that the code is told. */
  readonly time: number;
  /** How an inbound message came in. */
  readonly request?: object;
}

export type RunResult = RunReturned | RunFailed;

/** The code returned an object. Its parts are what strangers made: nothing about them is checked yet but their types. */
export interface RunReturned {
  readonly kind: "returned";
  readonly method: string;
  readonly url: string;
  readonly cancel: boolean;
  readonly headers: Readonly<Record<string, unknown>>;
  /** `null`: as it was. */
  readonly payload: { readonly kind: "json" | "text"; readonly text: string } | null;
  readonly logs: readonly string[];
  /** Time of the processor it took, in milliseconds. */
  readonly cpuMs: number;
}

export interface RunFailed {
  readonly kind: "failed";
  readonly reason: RunFailure;
  /** For the author of the code; names the line. */
  readonly message: string;
  /** Line of the code, from 1; `null`: no particular one. */
  readonly line: number | null;
  readonly logs: readonly string[];
  readonly cpuMs: number;
}

export type RunFailure =
  /** The code is no JavaScript, or has no `handler`. */
  | "syntax"
  | "threw"
  /** It returned something else than the webhook. */
  | "returned_nothing"
  /** It awaited something that never came. */
  | "never_settled"
  | "timeout"
  | "memory"
  | "too_large"
  /** It brought the sandbox down; whatever it was, it was this run alone. */
  | "crashed";

export interface SandboxLimits {
  /** Milliseconds of processor time. */
  readonly cpuMs: number;
  /** Bytes that the code may hold. */
  readonly memoryBytes: number;
  /** Bytes of the payload it returns. */
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
);

/** What a thread answers; `null`: nothing is wrong with the code that it checked. */
export type ThreadResult = RunResult | ConversionResult | OpenApiDescription | DiagnosisReport | null;

export type ThreadMessage =
  | { readonly kind: "ready" }
  /** `worn`: the thread should be replaced. */
  | { readonly kind: "done"; readonly id: number; readonly result: ThreadResult; readonly worn: boolean };

/** There is no room, or the node is going down: it was not run, and can be tried again. */
export interface Busy {
  readonly kind: "busy";
}

/** What is kept, sealed: code and variables may hold secrets. */
export interface Transformation {
  readonly code: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}
