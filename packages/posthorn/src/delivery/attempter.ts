/**
 * Makes one attempt: reads the current endpoint, applies its transformation and format, and sends the message to its destination. Skips
 * messages that have expired, and waits while the database is unavailable.
 */
import type {
  Destinations,
  MessageFacts,
  OutgoingMessage,
  SendLimits,
  SendResult,
  SendProblem,
} from "../destinations/destination.ts";
import type { Attempter, AttemptResult } from "../dispatch/types.ts";
import type { Job } from "../store/delivery.ts";
import { type AttemptExtra, encodeDetail } from "../domain/attempt/detail.ts";
import { buildRequest, type RequestFailure, type RunFacts } from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { Directory } from "../domain/directory.ts";
import type { MatchableMessage } from "../domain/message/match.ts";
import { readStored } from "../domain/message/sample.ts";
import { TEST_TAG } from "../domain/message/test-tag.ts";
import { WHOLE_ENDPOINT } from "../domain/policy/order.ts";
import type { TransformRunner } from "../domain/ports.ts";
import type { IdGenerator } from "../lib/id.ts";
import { isStoreAway } from "../store/errors.ts";
import type { Store } from "../store/store.ts";
import { changeFacts, unsentDetail } from "./attempt-detail.ts";
import type { AttemptTracker } from "./attempt-tracker.ts";

export interface DeliveryAttempterOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly destinations: Destinations;
  readonly transforms: TransformRunner;
  readonly ids: IdGenerator;
  readonly tracker: AttemptTracker;
  readonly now: () => number;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
  /** Called with the result of each attempt before it is recorded. Must be quick and must not throw. */
  readonly onSent?: (job: Job, result: MadeResult) => void;
  /** Called when no request was made, with details that only operators may see. */
  readonly onProblem: (problem: AttemptProblem) => void;
}

/** A result that counts as an attempt. */
export type MadeResult = Exclude<SendResult, { kind: "own_fault" }>;

export interface AttemptProblem extends SendProblem {
  readonly endpointId: string;
}

/** How long a lane waits after a fault on Posthorn's side. */
const OWN_FAULT_PAUSE_MS = 2000;
/** How long a lane waits when no transformation thread is free. */
const BUSY_PAUSE_MS = 500;
/** Jobs that waited for the database return to it, since another node may have done them. The lane loads them again within this time. */
const RETURN_MS = 500;

export class DeliveryAttempter implements Attempter {
  readonly #options: DeliveryAttempterOptions;

  constructor(options: DeliveryAttempterOptions) {
    this.#options = options;
  }

  async attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult> {
    const { tracker, now, random } = this.#options;
    const { deliverUntil } = job;
    if (deliverUntil !== null && deliverUntil !== undefined && deliverUntil <= now()) {
      return { kind: "void", reason: "expired" };
    }
    const started = tracker.started();
    let result: AttemptResult | null = null;
    try {
      result = await this.#attempt(job, { signal, maySend });
      return result;
    } catch (error) {
      if (!isStoreAway(error)) throw error;
      await this.#storeIsBack(signal);
      return { kind: "not_now", pauseMs: random() * RETURN_MS };
    } finally {
      tracker.ended(started, result);
    }
  }

  async #storeIsBack(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => abort(), { once: true });
    if (!signal.aborted) await Promise.race([this.#options.store.whenHere(), aborted]);
  }

  /** Rejects when the database is unavailable. */
  async #attempt(job: Job, limits: SendLimits): Promise<AttemptResult> {
    const { store, directory } = this.#options;
    const endpoint = await directory.endpoint(job.endpointId);
    if (endpoint === null) return { kind: "void", reason: "endpoint_gone" };
    if (endpoint.isHeld) return { kind: "held" };
    if (job.trigger === 0 && endpoint.discards(job.messageId)) return { kind: "void", reason: "discarded" };
    if (endpoint.changesRequest || endpoint.needsFacts) return this.#attemptChanged(job, endpoint, limits);
    const body = job.payload ?? (await store.payload(job.messageId));
    if (body === null) return { kind: "void", reason: "payload_gone" };
    const { publicId: messageId, requestJson, contentType } = job;
    const message = { messageId, endpoint, requestJson, contentType, body, changed: null, facts: null };
    return this.#send(job, message, null, limits);
  }

  /** Applies transformation and format first. Reads the message again: code and kinds see more of it than a webhook needs. */
  async #attemptChanged(job: Job, endpoint: DirectoryEndpoint, limits: SendLimits): Promise<AttemptResult> {
    const { store, transforms } = this.#options;
    const stored = await readStored(store.hotDb, job.messageId);
    if (stored === null) return { kind: "void", reason: "payload_gone" };
    const { requestSettings: settings } = endpoint;
    const built = await buildRequest({ settings, message: stored, transforms, signal: limits.signal });
    switch (built.kind) {
      case "busy":
        return { kind: "not_now", pauseMs: BUSY_PAUSE_MS };
      case "canceled":
        return { kind: "void", reason: "transformation" };
      case "failed":
        return this.#unsent(endpoint, built);
      case "request": {
        const { request: changed, differs, run } = built;
        const { contentType, body } = changed;
        const { publicId: messageId, requestJson } = job;
        const facts = endpoint.needsFacts ? factsOf(job, endpoint, stored) : null;
        const message = { messageId, endpoint, requestJson, contentType, body, changed, facts };
        const change = endpoint.changesRequest ? { run, changedBody: differs ? body : null } : null;
        return this.#send(job, message, change, limits);
      }
    }
  }

  /** The request could not be built. That counts as an attempt, because a retry would most likely fail in the same way. */
  #unsent({ url }: DirectoryEndpoint, { code, message, final, run }: RequestFailure): AttemptResult {
    const { key, id } = this.#options.ids.next("atmpt_");
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

  async #send(job: Job, message: OutgoingMessage, change: Change | null, limits: SendLimits): Promise<AttemptResult> {
    const { destinations, ids, onSent, onProblem } = this.#options;
    const { endpoint } = message;
    const { key, id } = ids.next("atmpt_");
    const destination = destinations.of(endpoint.destinationKind);
    if (destination === null) return { kind: "held" };
    const result = await destination.send(message, limits);
    if (result.kind !== "ok" && result.problem !== null) onProblem({ ...result.problem, endpointId: endpoint.id });
    if (result.kind === "own_fault") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    onSent?.(job, result);
    const { target: url, responseCode, response, durationMs, facts, extra } = result;
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
      detailJson: encodeDetail(facts, extraOf(change, result)),
      // A message that is refused before it is sent says nothing about the health of the endpoint.
      ...(result.kind === "refused" && extra?.["unsent"] === true ? { unsent: true as const } : {}),
    } as const;
    const retryAfterMs = result.kind === "later" || result.kind === "ok" ? (result.afterMs ?? null) : null;
    return { kind: "made", attempt, retryAfterMs, ...(result.kind === "refused" ? { final: true } : {}) };
  }
}

/** How transformation and format changed a message. */
interface Change {
  /** `null`: there is no transformation. */
  readonly run: RunFacts | null;
  /** `null`: the body did not change. */
  readonly changedBody: Uint8Array | null;
}

function extraOf(change: Change | null, { extra = null, sentBody }: MadeResult): AttemptExtra {
  if (change === null && sentBody === undefined) return extra;
  return { ...extra, change: changeFacts(change?.run ?? null, sentBody ?? change?.changedBody ?? null) };
}

function factsOf(
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
