/**
 * Steps shared by single attempts and batches: finding the destination, building the message, and recording the result.
 */
import type {
  Destination,
  Destinations,
  MessageFacts,
  OutgoingMessage,
  SendProblem,
  SendResult,
} from "../destinations/destination.ts";
import type { AttemptResult } from "../dispatch/types.ts";
import { type AttemptExtra, encodeDetail } from "../domain/attempt/detail.ts";
import { keptBody, withoutPayload, withoutPayloadAt } from "../domain/attempt/sent-body.ts";
import {
  buildRequest,
  type RequestFailure,
  type RequestResult,
  type RunFacts,
} from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { Directory } from "../domain/directory.ts";
import type { MatchableMessage } from "../domain/message/match.ts";
import { TEST_TAG } from "../domain/message/test-tag.ts";
import { WHOLE_ENDPOINT } from "../domain/policy/order.ts";
import type { TransformRunner } from "../domain/ports.ts";
import type { AttemptTracing, FinishedAttempt, TransformSpan } from "../domain/tracing.ts";
import { type GeneratedId, type IdGenerator, timeOfKey } from "../lib/id.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { parseTraceContext } from "../lib/trace-context.ts";
import type { Job, MessageLabels } from "../store/delivery.ts";
import type { Store } from "../store/store.ts";
import { changeFacts, unsentDetail } from "./attempt-detail.ts";
import { recordedBody, recordedRequest, redactedResult } from "./redacted-attempt.ts";

/** How long a lane waits after a fault on Posthorn's side. */
const OWN_FAULT_PAUSE_MS = 2000;
/** How long a lane waits when no transformation thread is free. */
export const BUSY_PAUSE_MS = 500;

/** A result that counts as an attempt. */
type MadeResult = Exclude<SendResult, { kind: "own_fault" }>;

interface AttemptProblem extends SendProblem {
  readonly endpointId: string;
  /** Under the name of the log field that OpenTelemetry reads. */
  readonly trace_id?: string;
}

/** How transformation and format changed a message. */
export interface Change {
  /** `null`: there is no transformation. */
  readonly run: RunFacts | null;
  /** `null`: the body did not change. */
  readonly changedBody: Uint8Array | null;
  readonly span: TransformSpan | null;
}

export interface AttemptOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly destinations: Destinations;
  readonly transforms: TransformRunner;
  /** Decrypts the exact bodies of redacted messages. */
  readonly secretBox: SecretBox;
  readonly ids: IdGenerator;
  readonly now: () => number;
  /** Absent or `null`: no traces are exported. */
  readonly tracing?: AttemptTracing | null;
  /** Called with the result of each attempt before it is recorded. Must be quick and must not throw. */
  readonly onSent?: (job: Job, result: MadeResult) => void;
  /** Called when no request was made, with details that only operators may see. */
  readonly onProblem: (problem: AttemptProblem) => void;
}

/** A message that is ready to be sent. */
export interface ReadyMessage {
  readonly kind: "ready";
  readonly job: Job;
  readonly message: OutgoingMessage;
  /** `null`: the endpoint changes no messages. */
  readonly change: Change | null;
}

export const ENDPOINT_GONE: AttemptResult = { kind: "void", reason: "endpoint_gone" };
export const PAYLOAD_GONE: AttemptResult = { kind: "void", reason: "payload_gone" };
export const HELD: AttemptResult = { kind: "held" };

export class AttemptSteps {
  readonly #options: AttemptOptions;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  /** Where the messages of an endpoint are sent; `null`: it is disabled or not ready, or this node cannot send to its kind. */
  destination(endpoint: DirectoryEndpoint): Destination | null {
    if (endpoint.isHeld) return null;
    const destination = this.#options.destinations.get(endpoint.destinationKind) ?? null;
    return destination?.isReady?.(endpoint.key) === false ? null : destination;
  }

  isExpired({ deliverUntil }: Job): boolean {
    return deliverUntil !== null && deliverUntil !== undefined && deliverUntil <= this.#options.now();
  }

  /** The message as published; `null`: the endpoint changes it, or more of it must be read. */
  unchanged(job: Job, endpoint: DirectoryEndpoint, body: Uint8Array): ReadyMessage | null {
    const { needsFacts } = endpoint;
    const { publicId: messageId, requestJson, contentType, labels } = job;
    if (endpoint.changesRequest || (needsFacts && labels === undefined)) return null;
    const facts = needsFacts ? factsOf(job, endpoint, labelled(job.messageId, labels!)) : null;
    const message: OutgoingMessage = { messageId, endpoint, requestJson, contentType, body, changed: null, facts };
    const marked = job.spans === undefined ? message : { ...message, isRedacted: true as const };
    return { kind: "ready", job, message: marked, change: null };
  }

  /** Applies transformation and format. Returns the result of the attempt if there is nothing to send. */
  async build(
    job: Job,
    endpoint: DirectoryEndpoint,
    stored: MatchableMessage,
    signal: AbortSignal,
  ): Promise<ReadyMessage | AttemptResult> {
    const { transforms } = this.#options;
    const { requestSettings: settings } = endpoint;
    const { tracing = null, now } = this.#options;
    const start = now();
    const isRedacted = job.spans !== undefined;
    const message = isRedacted ? { ...stored, payload: job.payload! } : stored;
    const built = await buildRequest({ settings, message, transforms, signal });
    const recorded = isRedacted
      ? await recordedRequest({ settings, message: stored, transforms, signal }, built)
      : built;
    const span = tracing === null || endpoint.transformation === null ? null : { start, end: now(), error: null };
    switch (built.kind) {
      case "busy":
        return { kind: "not_now", pauseMs: BUSY_PAUSE_MS };
      case "canceled":
        return { kind: "void", reason: "transformation" };
      case "failed":
        return this.#unsent(job, endpoint, recorded as RequestFailure, span);
      case "request": {
        const { request: changed } = built;
        const { contentType, body } = changed;
        const { publicId: messageId, requestJson } = job;
        const facts = endpoint.needsFacts ? factsOf(job, endpoint, stored) : null;
        const outgoing = { messageId, endpoint, requestJson, contentType, body, changed, facts, ...redactedMark(job) };
        const change = changeOf(endpoint, recorded as Extract<RequestResult, { kind: "request" }>, span);
        return { kind: "ready", job, message: outgoing, change };
      }
    }
  }

  /** The message with the trace context that its endpoint receives, if its policy says so. */
  traced(message: OutgoingMessage, { publicId, traceContext: trace = null }: Job, attemptKey: number): OutgoingMessage {
    if (!message.endpoint.policy.values.tracing.propagate) return message;
    const { tracing = null } = this.#options;
    const sent = tracing === null ? trace : tracing.attempting({ publicId, trace }, attemptKey);
    return sent === null ? message : { ...message, trace: sent };
  }

  /** The request could not be built. That counts as an attempt, because a retry would most likely fail in the same way. */
  #unsent(job: Job, endpoint: DirectoryEndpoint, failure: RequestFailure, span: TransformSpan | null): AttemptResult {
    const result = unsentResult(this.#options.ids, endpoint, failure);
    const { id: key, publicId, durationMs, errorCode, response: error } = result.attempt;
    const { id: endpointId, destinationKind } = endpoint;
    const transformed = span === null ? null : { ...span, error };
    const attempt = { job, endpointId, destinationKind, key, publicId, durationMs, errorCode, error, transformed };
    this.#options.tracing?.attempted({ ...attempt, sent: null });
    return result;
  }

  /** The result of sending a message, without redacted values. */
  sentResult(sent: SendResult, message: OutgoingMessage, job: Job): SendResult {
    const isShown = message.endpoint.redactor === null && job.spans === undefined;
    return isShown ? sent : redactedResult(sent, message, job);
  }

  /** Tells operators why nothing was sent. */
  report({ id: endpointId }: DirectoryEndpoint, { traceContext = null }: Job, result: SendResult): void {
    if (result.kind === "ok" || result.problem === null) return;
    const trace = traceContext === null ? {} : { trace_id: parseTraceContext(traceContext).traceId };
    this.#options.onProblem({ ...result.problem, endpointId, ...trace });
  }

  /** @param more Details of the attempt besides those of the destination; `null`: none. */
  result(
    { job, message, change }: Pick<ReadyMessage, "job" | "message" | "change">,
    id: GeneratedId,
    sent: SendResult,
    more: AttemptExtra | null,
  ): AttemptResult {
    if (sent.kind === "own_fault") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    this.#options.onSent?.(job, sent);
    const { tracing } = this.#options;
    if (tracing) tracing.attempted(finishedAttempt(job, message, { id, sent, transformed: change?.span ?? null }));
    const extra = extraOf(job, message, change, sent);
    return madeResult(job, id, sent, more === null ? extra : { ...extra, ...more });
  }
}

function redactedMark({ spans }: Job): Pick<OutgoingMessage, "isRedacted"> {
  return spans === undefined ? {} : { isRedacted: true };
}

/** Whether a delivery is canceled because its endpoint discards its backlog. A manual attempt is made nevertheless. */
export function isDiscarded({ trigger, messageId }: Job, endpoint: DirectoryEndpoint): boolean {
  return trigger === 0 && endpoint.discards(messageId);
}

/** `null`: the endpoint changes no messages. */
function changeOf(
  endpoint: DirectoryEndpoint,
  { request, differs, run }: Extract<RequestResult, { kind: "request" }>,
  span: TransformSpan | null,
): Change | null {
  return endpoint.changesRequest ? { run, changedBody: differs ? request.body : null, span } : null;
}

function finishedAttempt(
  job: Job,
  { endpoint }: OutgoingMessage,
  {
    id,
    sent,
    transformed,
  }: { readonly id: GeneratedId; readonly sent: MadeResult; readonly transformed: TransformSpan | null },
): FinishedAttempt {
  const isSuccess = sent.kind === "ok";
  return {
    job,
    endpointId: endpoint.id,
    destinationKind: endpoint.destinationKind,
    key: id.key,
    publicId: id.id,
    sent,
    durationMs: sent.facts.timings?.totalMs ?? sent.durationMs,
    errorCode: isSuccess ? null : sent.errorCode === "status" ? String(sent.responseCode) : sent.errorCode,
    error: isSuccess ? null : errorText(sent),
    transformed,
  };
}

/** Responses of endpoints may contain anything, so they are not exported. */
function errorText({ responseCode, response }: MadeResult): string {
  return responseCode === 0 ? response : `HTTP ${responseCode}`;
}

function extraOf(
  job: Job,
  { body }: OutgoingMessage,
  change: Change | null,
  { extra = null, sentBody, written }: MadeResult,
): AttemptExtra {
  if (sentBody !== undefined && job.spans !== undefined) {
    return { ...extra, change: changeFacts(change?.run ?? null, recordedBody(sentBody, job)) };
  }
  if (change === null) {
    if (sentBody === undefined) return extra;
    const stored =
      written === undefined
        ? withoutPayload(sentBody, body)
        : withoutPayloadAt(sentBody, written.text, written.payload, body);
    return { ...extra, change: changeFacts(null, stored) };
  }
  const changed = sentBody ?? change.changedBody;
  return { ...extra, change: changeFacts(change.run, changed === null ? null : keptBody(changed)) };
}

type LabelledMessage = Pick<MatchableMessage, "eventType" | "eventId" | "channels" | "tags" | "time">;

function labelled(messageId: number, { eventType, eventId, channelsJson, tagsJson }: MessageLabels): LabelledMessage {
  const list = (json: string | null): string[] | null => (json === null ? null : (JSON.parse(json) as string[]));
  return { eventType, eventId, channels: list(channelsJson), tags: list(tagsJson), time: timeOfKey(messageId) };
}

function factsOf(
  { orderKey, orderingKey }: Job,
  { id }: DirectoryEndpoint,
  { eventType, eventId, channels, tags, time }: LabelledMessage,
): MessageFacts {
  return {
    eventType,
    eventId,
    channels: channels ?? [],
    isTest: tags?.includes(TEST_TAG) === true,
    createdAt: time,
    orderingKey: orderKey === WHOLE_ENDPOINT ? id : (orderKey ?? orderingKey),
  };
}

function madeResult(job: Job, { key, id }: GeneratedId, result: MadeResult, extra: AttemptExtra): AttemptResult {
  const { target: url, responseCode, response, durationMs, facts } = result;
  const isSuccess = result.kind === "ok";
  const attempt = {
    id: key,
    publicId: id,
    url,
    status: isSuccess ? 0 : 2,
    responseCode,
    response,
    durationMs,
    errorCode: isSuccess ? null : result.errorCode,
    detailJson: encodeDetail(facts, extra),
    isImmediateSuccess: isSuccess && isImmediateFirst(job),
    // A message that is refused before sending says nothing about the health of the endpoint.
    ...(result.kind === "refused" && result.extra?.["unsent"] === true ? { unsent: true as const } : {}),
  } as const;
  const retryAfterMs = result.kind === "later" || result.kind === "ok" ? (result.afterMs ?? null) : null;
  return { kind: "made", attempt, retryAfterMs, ...(result.kind === "refused" ? { final: true } : {}) };
}

/** Whether it is the first attempt of a delivery, and the message was due when it was published. */
function isImmediateFirst({ trigger, attempts, firstDue, messageId }: Job): boolean {
  return trigger === 0 && attempts === 0 && firstDue === timeOfKey(messageId);
}

function unsentResult(
  ids: IdGenerator,
  { url }: DirectoryEndpoint,
  { code, message, final, run }: RequestFailure,
): Extract<AttemptResult, { kind: "made" }> {
  const { key, id } = ids.next("atmpt_");
  const durationMs = Math.round(run?.cpuMs ?? 0);
  const attempt = {
    id: key,
    publicId: id,
    url,
    status: 2,
    responseCode: 0,
    response: message,
    durationMs,
    errorCode: code,
    detailJson: unsentDetail(changeFacts(run, null), durationMs),
    unsent: true,
  } as const;
  return { kind: "made", attempt, retryAfterMs: null, ...(final ? { final } : {}) };
}
