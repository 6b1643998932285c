/**
 * Makes one attempt: reads the current endpoint, applies its transformation and format, and sends the message to its destination. Skips
 * messages that have expired, and waits while the database is unavailable.
 */
import type { Destinations, OutgoingMessage, SendLimits } from "../destinations/destination.ts";
import type { Attempter, AttemptResult, BatchAttempt, BatchedResult } from "../dispatch/types.ts";
import type { Job } from "../store/delivery.ts";
import { buildRequest } from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { Directory } from "../domain/directory.ts";
import type { TransformRunner } from "../domain/ports.ts";
import type { IdGenerator } from "../lib/id.ts";
import { isStoreAway } from "../store/errors.ts";
import type { Store } from "../store/store.ts";
import {
  type AttemptProblem,
  BUSY_PAUSE_MS,
  type Change,
  changeOf,
  extraOf,
  factsOf,
  type MadeResult,
  madeResult,
  OWN_FAULT_PAUSE_MS,
  unsentResult,
} from "./attempt-record.ts";
import type { AttemptTracker } from "./delivery-store.ts";
import { BatchSender } from "./batch-sender.ts";
import { StoredMessages } from "./stored-messages.ts";

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

/** Jobs that waited for the database return to it, since another node may have done them. The lane loads them again within this time. */
const RETURN_MS = 500;

export class DeliveryAttempter implements Attempter {
  readonly #options: DeliveryAttempterOptions;
  readonly #batches: BatchSender;
  readonly #messages: StoredMessages;

  constructor(options: DeliveryAttempterOptions) {
    this.#options = options;
    this.#batches = new BatchSender(options);
    this.#messages = new StoredMessages(options.store.hotDb);
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

  async attemptBatch(jobs: readonly Job[], batch: BatchAttempt): Promise<readonly BatchedResult[]> {
    const { tracker, random } = this.#options;
    const started = jobs.map(() => tracker.started());
    let results: readonly BatchedResult[] | null = null;
    try {
      results = await this.#batches.attempt(jobs, batch);
      return results;
    } catch (error) {
      const isLost = (error as { readonly code?: unknown }).code === "shard_lost";
      if (!isLost && !isStoreAway(error)) throw error;
      if (!isLost) await this.#storeIsBack(batch.signal);
      const pauseMs = random() * RETURN_MS;
      return jobs.map(() => ({ kind: "not_now", pauseMs }));
    } finally {
      for (const [index, attempt] of started.entries()) {
        const result = results?.[index] ?? null;
        tracker.ended(attempt, result?.kind === "made" ? result : null);
      }
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
    const { transforms } = this.#options;
    const stored = await this.#messages.read(job.messageId, job.bytes ?? 0);
    if (stored === null) return { kind: "void", reason: "payload_gone" };
    const { requestSettings: settings } = endpoint;
    const built = await buildRequest({ settings, message: stored, transforms, signal: limits.signal });
    switch (built.kind) {
      case "busy":
        return { kind: "not_now", pauseMs: BUSY_PAUSE_MS };
      case "canceled":
        return { kind: "void", reason: "transformation" };
      case "failed":
        return unsentResult(this.#options.ids, endpoint, built);
      case "request": {
        const { request: changed } = built;
        const { contentType, body } = changed;
        const { publicId: messageId, requestJson } = job;
        const facts = endpoint.needsFacts ? factsOf(job, endpoint, stored) : null;
        const message = { messageId, endpoint, requestJson, contentType, body, changed, facts };
        const change = changeOf(endpoint, built);
        return this.#send(job, message, change, limits);
      }
    }
  }

  async #send(job: Job, message: OutgoingMessage, change: Change | null, limits: SendLimits): Promise<AttemptResult> {
    const { destinations, ids, onSent, onProblem } = this.#options;
    const { endpoint } = message;
    const { key, id } = ids.next("atmpt_");
    const destination = destinations.get(endpoint.destinationKind);
    if (destination === undefined) return { kind: "held" };
    const result = await destination.send(message, limits);
    if (result.kind !== "ok" && result.problem !== null) onProblem({ ...result.problem, endpointId: endpoint.id });
    if (result.kind === "own_fault") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    onSent?.(job, result);
    return madeResult({ key, id }, result, extraOf(change, result));
  }
}
