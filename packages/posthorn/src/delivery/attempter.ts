/**
 * Makes one attempt: reads the current endpoint, applies its transformation and format, and sends the message to its destination. Skips
 * messages that have expired, and waits while the database is unavailable.
 */
import type { SendLimits } from "../destinations/destination.ts";
import type { Attempter, AttemptResult, BatchAttempt, BatchedResult } from "../dispatch/types.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import { isStoreUnavailable } from "../store/errors.ts";
import type { Job } from "../store/delivery.ts";
import {
  type AttemptOptions,
  AttemptSteps,
  ENDPOINT_GONE,
  HELD,
  isDiscarded,
  PAYLOAD_GONE,
  type ReadyMessage,
} from "./attempt-steps.ts";
import { BatchSender } from "./batch-sender.ts";
import type { AttemptTracker } from "./delivery-store.ts";
import { ExactBodies } from "../domain/redaction/exact-body.ts";
import { withExactBody } from "./exact-job.ts";
import { StoredMessages } from "./stored-messages.ts";

export interface DeliveryAttempterOptions extends AttemptOptions {
  readonly tracker: AttemptTracker;
  /** Returns a number from 0 to below 1, like `Math.random`. */
  readonly random: () => number;
}

/**
 * Jobs that waited for the database are returned to it, because another node may have processed them. The lane loads
 * them again within this time.
 */
const RELOAD_MS = 500;

export class DeliveryAttempter implements Attempter {
  readonly #options: DeliveryAttempterOptions;
  readonly #steps: AttemptSteps;
  readonly #batches: BatchSender;
  readonly #messages: StoredMessages;
  readonly #exact: ExactBodies;

  constructor(options: DeliveryAttempterOptions) {
    this.#options = options;
    this.#steps = new AttemptSteps(options);
    this.#exact = new ExactBodies(options.store.hotDb, options.secretBox);
    this.#batches = new BatchSender(options, this.#steps);
    this.#messages = new StoredMessages(options.store.hotDb);
  }

  async attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult> {
    const { tracker } = this.#options;
    if (this.#steps.isExpired(job)) return { kind: "void", reason: "expired" };
    const started = tracker.started();
    let result: AttemptResult | null = null;
    try {
      result = await this.#attempt(job, { signal, maySend });
      return result;
    } catch (error) {
      return await this.#postponed(error, signal);
    } finally {
      tracker.ended(started, result);
    }
  }

  async attemptBatch(jobs: readonly Job[], batch: BatchAttempt): Promise<readonly BatchedResult[]> {
    const { tracker } = this.#options;
    const started = tracker.started(jobs.length);
    let results: readonly BatchedResult[] | null = null;
    try {
      results = await this.#batches.attempt(jobs, batch);
      return results;
    } catch (error) {
      const postponed = await this.#postponed(error, batch.signal);
      return jobs.map(() => postponed);
    } finally {
      for (let index = 0; index < jobs.length; index++) {
        const result = results?.[index] ?? null;
        tracker.ended(started, result?.kind === "made" ? result : null);
      }
    }
  }

  /** The result after the database was unavailable, or after another node took the lane. Throws every other error. */
  async #postponed(error: unknown, signal: AbortSignal): Promise<AttemptResult> {
    const isLost = (error as { readonly code?: unknown }).code === "shard_lost";
    if (!isLost && !isStoreUnavailable(error)) throw error;
    if (!isLost) await this.#storeIsBack(signal);
    return { kind: "not_now", pauseMs: this.#options.random() * RELOAD_MS };
  }

  async #storeIsBack(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => abort(), { once: true });
    if (!signal.aborted) await Promise.race([this.#options.store.whenAvailable(), aborted]);
  }

  /** Rejects when the database is unavailable. */
  async #attempt(stored: Job, limits: SendLimits): Promise<AttemptResult> {
    const { directory } = this.#options;
    const { endpointId } = stored;
    const known = directory.knownEndpoint(endpointId);
    const endpoint = known === undefined ? await directory.endpoint(endpointId) : known;
    if (endpoint === null) return ENDPOINT_GONE;
    const destination = this.#steps.destination(endpoint);
    if (destination === null) return HELD;
    if (isDiscarded(stored, endpoint)) return { kind: "void", reason: "discarded" };
    const job = stored.isRedacted === true ? await withExactBody(this.#exact, stored) : stored;
    if (job === null) return PAYLOAD_GONE;
    const found = this.#ready(job, endpoint, limits);
    const ready = found instanceof Promise ? await found : found;
    if (ready.kind !== "ready") return ready;
    const id = this.#options.ids.next("atmpt_");
    const result = await destination.send(this.#steps.traced(ready.message, ready.job, id.key), limits);
    const sent = this.#steps.sentResult(result, ready.message, ready.job);
    this.#steps.report(endpoint, ready.job, sent);
    return this.#steps.result(ready, id, sent, null);
  }

  /** The message to send, or the result if there is none. Not async, as most messages are in memory and are not changed. */
  #ready(
    job: Job,
    endpoint: DirectoryEndpoint,
    limits: SendLimits,
  ): ReadyMessage | AttemptResult | Promise<ReadyMessage | AttemptResult> {
    if (endpoint.changesRequest) return this.#changed(job, endpoint, limits);
    if (job.payload === null) return this.#read(job, endpoint, limits);
    return this.#steps.unchanged(job, endpoint, job.payload) ?? this.#changed(job, endpoint, limits);
  }

  async #read(job: Job, endpoint: DirectoryEndpoint, limits: SendLimits): Promise<ReadyMessage | AttemptResult> {
    const body = await this.#options.store.payload(job.messageId);
    if (body === null) return PAYLOAD_GONE;
    return this.#steps.unchanged(job, endpoint, body) ?? this.#changed(job, endpoint, limits);
  }

  /** Applies transformation and format. Code can access more of the message than what is sent. */
  async #changed(job: Job, endpoint: DirectoryEndpoint, limits: SendLimits): Promise<ReadyMessage | AttemptResult> {
    const stored = await this.#messages.read(job);
    if (stored === null) return PAYLOAD_GONE;
    return this.#steps.build(job, endpoint, stored, limits.signal);
  }
}
