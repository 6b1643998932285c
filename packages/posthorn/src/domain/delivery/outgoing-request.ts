/**
 * Builds the request for a message: the message as published, changed by the transformation of the endpoint, in the format of its policy.
 * Used by deliveries and by the API call that tests a transformation.
 */
import { type Conversion, tryConvert } from "../../format/convert.ts";
import { formatOf, isMediaType } from "../../format/media-type.ts";
import type { Busy, RunFailed, RunFailure, RunReturned, TransformRun, Transformation } from "../../transform/types.ts";
import type { TransformRunner } from "../ports.ts";
import type { MatchableMessage } from "../message/match.ts";
import type { RequestSettings } from "../directory-endpoint.ts";
import { headerProblem } from "../endpoint/header-rules.ts";

export type RequestMessage = Pick<
  MatchableMessage,
  "id" | "eventType" | "eventId" | "channels" | "tags" | "time" | "payload" | "contentType" | "request"
>;

/** A request without the headers that signing adds. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  /** Flat list of names and values: headers of the endpoint, and headers that the transformation set. */
  readonly headers: readonly string[];
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Logs and CPU time of a transformation. */
export interface RunFacts {
  readonly logs: readonly string[];
  readonly cpuMs: number;
}

export type RequestResult =
  /** `run`: `null` without a transformation. `differs`: the body differs from that of the message. */
  | {
      readonly kind: "request";
      readonly request: OutgoingRequest;
      readonly differs: boolean;
      readonly run: RunFacts | null;
    }
  | { readonly kind: "canceled"; readonly run: RunFacts }
  | RequestFailure
  | Busy;

export interface RequestFailure {
  readonly kind: "failed";
  readonly code: UnsentErrorCode;
  /** What went wrong and where, for people. */
  readonly message: string;
  /** Line of the code, starting at 1. */
  readonly line: number | null;
  /** A retry would fail in the same way. */
  readonly final: boolean;
  readonly run: RunFacts | null;
}

/** The error codes of attempts that failed before anything was sent. */
export const UNSENT_ERRORS = ["transform_failed", "format_failed"] as const;
export type UnsentErrorCode = (typeof UNSENT_ERRORS)[number];

/** Failures that may be caused by the state of this node instead of the code or the message. */
const PASSING: ReadonlySet<RunFailure> = new Set(["timeout", "crashed"]);
const METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Maximum number of headers that a transformation may set. */
const MAX_HEADERS = 100;

interface RequestSource {
  readonly settings: RequestSettings;
  readonly message: RequestMessage;
  readonly transforms: TransformRunner;
  /** Stops waiting for a free thread. */
  readonly signal?: AbortSignal;
}

export async function buildRequest(source: RequestSource): Promise<RequestResult> {
  const { settings, message, transforms, signal } = source;
  const { url, headers, transformation, tenant, key: endpoint } = settings;
  const { payload: body, contentType } = message;
  const plain: OutgoingRequest = { method: "POST", url, headers, contentType, body };
  if (transformation === null) return formatted(source, plain, null);
  const result = await transforms.run(runOf(url, transformation, message), { tenant, endpoint }, signal);
  if (result.kind === "busy") return result;
  const { logs, cpuMs } = result;
  const run = { logs, cpuMs };
  if (result.kind === "failed") return runFailure(result, run);
  if (result.cancel) return { kind: "canceled", run };
  try {
    return await formatted(source, changed(settings, plain, result), run);
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    return { kind: "failed", code: "transform_failed", message: error.message, line: null, final: true, run };
  }
}

function runOf(url: string, { code, variables }: Transformation, message: RequestMessage): TransformRun {
  const { id, eventType, eventId, channels, tags, time, request, payload, contentType } = message;
  const webhook = { id, url, eventType, eventId, channels, tags, time, ...(request === undefined ? {} : { request }) };
  return { code, variables, webhook, payload, contentType };
}

function runFailure({ reason, message, line }: RunFailed, run: RunFacts): RequestFailure {
  const sentence = `The transformation failed. ${message}`;
  return { kind: "failed", code: "transform_failed", message: sentence, line, final: !PASSING.has(reason), run };
}

/** Larger bodies are converted in a thread: 1 MiB takes a tenth of a second. */
const INLINE_BYTES = 32_768;

async function formatted(
  source: RequestSource,
  request: OutgoingRequest,
  run: RunFacts | null,
): Promise<RequestResult> {
  const { settings, message } = source;
  const { body: to, xmlRoot } = settings.format;
  const { body: bytes, contentType } = request;
  const differs = (body: Uint8Array): boolean => body !== message.payload;
  if (to === "as-published" || formatOf(contentType) === to) {
    return { kind: "request", request, differs: differs(bytes), run };
  }
  const result = await converted(source, { body: { bytes, contentType }, to, xmlRoot });
  switch (result.kind) {
    case "busy":
      return result;
    case "converted": {
      const { bytes: body, contentType: type } = result.body;
      return { kind: "request", request: { ...request, body, contentType: type }, differs: differs(body), run };
    }
    case "refused":
    case "failed": {
      const final = result.kind === "refused" || !PASSING.has(result.reason);
      return { kind: "failed", code: "format_failed", message: result.message, line: null, final, run };
    }
  }
}

function converted({ settings, transforms, signal }: RequestSource, conversion: Conversion) {
  if (conversion.body.bytes.byteLength <= INLINE_BYTES) return tryConvert(conversion);
  const { tenant, key: endpoint } = settings;
  return transforms.convert(conversion, { tenant, endpoint }, signal);
}

/** The transformation returned something that cannot be sent. */
class ChangeError extends Error {}

/** Applies the result of a transformation, whose parts may have any value. */
function changed(settings: RequestSettings, plain: OutgoingRequest, result: RunReturned): OutgoingRequest {
  const method = result.method.toUpperCase();
  if (!METHODS.has(method)) {
    throw new ChangeError(
      `The transformation set the method ${shown(result.method)}. Use one of ${[...METHODS].join(", ")}.`,
    );
  }
  const { headers, contentType } = mergedHeaders(settings, result.headers);
  return { method, url: urlOf(settings.url, result.url), headers, ...bodyOf(plain, result, contentType) };
}

function bodyOf(
  plain: OutgoingRequest,
  { payload }: RunReturned,
  chosen: string | null,
): Pick<OutgoingRequest, "body" | "contentType"> {
  if (payload === null) return { body: plain.body, contentType: chosen ?? plain.contentType };
  const isJson = formatOf(plain.contentType) === "json";
  const contentType = payload.kind === "text" || isJson ? plain.contentType : "application/json";
  return { body: Buffer.from(payload.text, "utf8"), contentType: chosen ?? contentType };
}

/** Path and query may change. The origin must not, because credentials and limits belong to it. */
function urlOf(url: string, wanted: string): string {
  if (wanted === url) return url;
  const own = new URL(url);
  const changedTo = URL.parse(wanted, url);
  if (changedTo === null) throw new ChangeError(`The transformation set the URL ${shown(wanted)}, which is not valid.`);
  if (changedTo.origin !== own.origin || changedTo.username !== own.username || changedTo.password !== own.password) {
    throw new ChangeError(
      `The transformation set the URL ${shown(wanted)}. It can change the path and query, but not the origin ${own.origin}.`,
    );
  }
  changedTo.hash = "";
  return changedTo.href;
}

/** Headers of the endpoint, replaced by those of the transformation; `null` removes one. */
function mergedHeaders(
  { headers, fixedHeaders }: RequestSettings,
  wanted: Readonly<Record<string, unknown>>,
): { headers: readonly string[]; contentType: string | null } {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return { headers, contentType: null };
  if (entries.length > MAX_HEADERS) throw new ChangeError(`The transformation may set at most ${MAX_HEADERS} headers.`);
  const named = new Set(entries.map(([name]) => name.toLowerCase()));
  const kept = headers.filter((_, index) => !named.has(headers[index - (index % 2)]!.toLowerCase()));
  const added: string[] = [];
  let contentType: string | null = null;
  for (const [name, value] of entries) {
    if (value === null) continue;
    const text = headerText(name, value);
    if (name.toLowerCase() === "content-type") contentType = mediaType(text);
    else added.push(...checkedHeader(name, text, fixedHeaders));
  }
  return { headers: [...kept, ...added], contentType };
}

function headerText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new ChangeError(`The transformation set the header ${shown(name)} to a value that is not text.`);
}

function mediaType(text: string): string {
  if (isMediaType(text)) return text;
  throw new ChangeError(`The transformation set the content type ${shown(text)}, which is not a media type.`);
}

function checkedHeader(name: string, value: string, fixedHeaders: readonly string[]): [string, string] {
  const problem = fixedHeaders.includes(name.toLowerCase())
    ? "The credentials or the verification of the endpoint set it."
    : headerProblem(name, value);
  if (problem !== null) throw new ChangeError(`The transformation cannot set the header ${shown(name)}. ${problem}`);
  return [name, value];
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
