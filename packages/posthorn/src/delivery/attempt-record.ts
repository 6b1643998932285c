/** Converts what was sent, or why nothing was, to the result of an attempt. */
import type { MessageFacts, SendProblem, SendResult } from "../destinations/destination.ts";
import type { AttemptResult } from "../dispatch/types.ts";
import { type AttemptExtra, encodeDetail } from "../domain/attempt/detail.ts";
import type { RequestFailure, RequestResult, RunFacts } from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { MatchableMessage } from "../domain/message/match.ts";
import { TEST_TAG } from "../domain/message/test-tag.ts";
import { WHOLE_ENDPOINT } from "../domain/policy/order.ts";
import type { GeneratedId, IdGenerator } from "../lib/id.ts";
import type { Job } from "../store/delivery.ts";
import { changeFacts, unsentDetail } from "./attempt-detail.ts";

/** How long a lane waits after a fault on Posthorn's side. */
export const OWN_FAULT_PAUSE_MS = 2000;
/** How long a lane waits when no transformation thread is free. */
export const BUSY_PAUSE_MS = 500;

/** A result that counts as an attempt. */
export type MadeResult = Exclude<SendResult, { kind: "own_fault" }>;

export interface AttemptProblem extends SendProblem {
  readonly endpointId: string;
}

/** How transformation and format changed a message. */
export interface Change {
  /** `null`: there is no transformation. */
  readonly run: RunFacts | null;
  /** `null`: the body did not change. */
  readonly changedBody: Uint8Array | null;
}

/** `null`: the endpoint changes no messages. */
export function changeOf(
  endpoint: DirectoryEndpoint,
  { request, differs, run }: Extract<RequestResult, { kind: "request" }>,
): Change | null {
  return endpoint.changesRequest ? { run, changedBody: differs ? request.body : null } : null;
}

export function extraOf(change: Change | null, { extra = null, sentBody }: MadeResult): AttemptExtra {
  if (change === null && sentBody === undefined) return extra;
  return { ...extra, change: changeFacts(change?.run ?? null, sentBody ?? change?.changedBody ?? null) };
}

export function factsOf(
  { orderKey, orderingKey }: Job,
  { id }: DirectoryEndpoint,
  { eventType, eventId, channels, tags, time }: MatchableMessage,
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

export function madeResult({ key, id }: GeneratedId, result: MadeResult, extra: AttemptExtra): AttemptResult {
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
    // A message that is refused before it is sent says nothing about the health of the endpoint.
    ...(result.kind === "refused" && result.extra?.["unsent"] === true ? { unsent: true as const } : {}),
  } as const;
  const retryAfterMs = result.kind === "later" || result.kind === "ok" ? (result.afterMs ?? null) : null;
  return { kind: "made", attempt, retryAfterMs, ...(result.kind === "refused" ? { final: true } : {}) };
}

/** The request could not be built. That counts as an attempt, because a retry would most likely fail in the same way. */
export function unsentResult(
  ids: IdGenerator,
  { url }: DirectoryEndpoint,
  { code, message, final, run }: RequestFailure,
): AttemptResult {
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
