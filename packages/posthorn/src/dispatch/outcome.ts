/** Outcome of an attempt, or of the decision not to make one: success, a retry, or the end of the delivery; and how it is recorded. */
import type { Backoff, LanePolicy, OrderPolicy, RetryPolicy, StatusRange } from "./policy.ts";
import type { AttemptResult, Clock, DispatchObserver, JobStore } from "./types.ts";
import type { Job, Outcome } from "../store/delivery.ts";

export interface OutcomeContext {
  readonly policy: LanePolicy;
  /** Unix milliseconds. */
  readonly now: number;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  /** See `Outcome`. */
  readonly mayWait: boolean;
}

export interface FailedAttempt {
  /** Scheduled attempts made so far, at least 1. */
  readonly attempts: number;
  /** 0 when there was no response. */
  readonly responseCode: number;
  /** How long the endpoint asked to wait; `null`: it did not ask. */
  readonly retryAfterMs: number | null;
  /** Milliseconds since the first attempt was due. */
  readonly ageMs: number;
}

export function outcomeOf(
  job: Job,
  result: Extract<AttemptResult, { kind: "made" | "void" }>,
  { policy, now, random, mayWait }: OutcomeContext,
): Outcome {
  const { messageId, endpointId, generation, trigger } = job;
  const base = { messageId, endpointId, generation, trigger, mayWait };
  if (result.kind === "void") {
    const cancel = result.reason === undefined ? null : { reason: result.reason, at: now };
    return { ...base, state: 3, due: null, attempts: job.attempts, attempt: null, cancel };
  }
  const { attempt, retryAfterMs } = result;
  const attempts = trigger === 1 ? job.attempts : job.attempts + 1;
  // Named one by one: many of them wait for a commit, and objects that are made by spreading others take more memory.
  if (attempt.status === 0)
    return { messageId, endpointId, generation, trigger, state: 1, due: null, attempts, attempt, mayWait };
  const { responseCode } = attempt;
  const failed = { attempts, responseCode, retryAfterMs, ageMs: now - (job.firstDue ?? job.due) };
  const isLast = trigger === 1 || result.final === true;
  const delay = isLast ? null : retryDelay(policy.retry, failed, random());
  if (delay === null) return { ...base, state: 2, due: null, attempts, attempt };
  const { order } = policy;
  const isOrdered = typeof job.orderKey === "string" && order !== null;
  // Parked: the deliveries behind it continue, and it is not retried until a person requests that.
  if (isOrdered && order.onFailure === "park") return { ...base, state: 2, due: null, attempts, attempt };
  const passAt = isOrdered ? passAtOf(order, now) : null;
  return { ...base, state: 0, due: now + delay, attempts, attempt, passAt };
}

/**
 * Milliseconds to wait after a failed attempt, or `null` if it was the last.
 *
 * @param random A number from 0 to below 1.
 */
export function retryDelay(policy: RetryPolicy, failed: FailedAttempt, random: number): number | null {
  const { responseCode, retryAfterMs, ageMs, attempts } = failed;
  if (isIn(policy.stopCodes, responseCode)) return null;
  if (policy.retryCodes !== null && responseCode !== 0 && !isIn(policy.retryCodes, responseCode)) return null;
  const delay = backoffDelay(policy.backoff, attempts, random);
  if (delay === null) return null;
  const wait = Math.max(delay, retryAfterMs ?? 0);
  return policy.maxAgeMs !== null && ageMs + wait > policy.maxAgeMs ? null : wait;
}

function backoffDelay(backoff: Backoff, attempts: number, random: number): number | null {
  switch (backoff.kind) {
    case "schedule": {
      const delay = backoff.delaysMs[attempts - 1];
      // Jitter is only added, never subtracted: a retry is never earlier than the schedule says.
      return delay === undefined ? null : Math.round(delay * (1 + backoff.jitter * random));
    }
    case "exponential":
      if (attempts >= backoff.attempts) return null;
      return Math.round(random * Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (attempts - 1)));
    default:
      return unknownBackoff(backoff);
  }
}

/** Makes an unhandled kind of backoff a type error. */
function unknownBackoff(backoff: never): never {
  throw new TypeError(`unknown backoff: ${JSON.stringify(backoff)}`);
}

function passAtOf({ onFailure, maxBlockMs }: OrderPolicy, now: number): number | null {
  if (onFailure === "skip") return now;
  return maxBlockMs === null ? null : now + maxBlockMs;
}

function isIn(ranges: readonly StatusRange[], code: number): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to);
}

export const FIRST_PAUSE_MS = 500;
export const MAX_PAUSE_MS = 30_000;

/** How long a stop waits for an unresponsive store after the last attempt has ended. */
export const STORE_GRACE_MS = 2000;
const MAX_BYTES = 32 * 1024 * 1024;

export interface RecorderOptions {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly observer: DispatchObserver | undefined;
  /** Aborts when the process ends. */
  readonly signal: AbortSignal;
}

/** Records outcomes in the store, and retries until the store accepts them. */
export class Recorder {
  readonly #options: RecorderOptions;
  #refused = 0;
  /** Approximate memory used by outcomes that are not stored yet. */
  #bytes = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Whether the store has refused outcomes, or too many bytes of outcomes are waiting for it. No attempts should start
   * until they are stored.
   */
  get isStuck(): boolean {
    return this.#refused > 0 || this.#bytes >= MAX_BYTES;
  }

  /** Returns whether the outcome is stored. It is not if the process ends or another node now owns the lane. */
  record(outcome: Outcome): Promise<boolean> {
    return this.#record(outcome, bytesOf(outcome));
  }

  /** Like `record`, for the outcomes of a batch in one commit. */
  recordAll(outcomes: readonly Outcome[]): Promise<boolean> {
    const bytes = outcomes.reduce((sum, outcome) => sum + bytesOf(outcome), 0);
    return this.#record(outcomes, bytes);
  }

  /** Not async: the frame would be kept until the commit, for each of the outcomes that wait for it. */
  #record(outcomes: Outcome | readonly Outcome[], bytes: number): Promise<boolean> {
    this.#bytes += bytes;
    return this.#write(outcomes).then(
      () => this.#ended(bytes, true),
      async (error: unknown) =>
        this.#ended(bytes, this.#noteFailure(error) === "refused" && (await this.#insist(outcomes))),
    );
  }

  #write(outcomes: Outcome | readonly Outcome[]): Promise<void> {
    const { store } = this.#options;
    return "messageId" in outcomes ? store.record(outcomes) : store.recordAll(outcomes);
  }

  #ended(bytes: number, isRecorded: boolean): boolean {
    this.#bytes -= bytes;
    return isRecorded;
  }

  async #insist(outcomes: Outcome | readonly Outcome[]): Promise<boolean> {
    this.#refused++;
    const recorded = await this.#offerAgain(outcomes);
    this.#refused--;
    return recorded;
  }

  async #offerAgain(outcomes: Outcome | readonly Outcome[]): Promise<boolean> {
    const { signal } = this.#options;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      await this.#sleep(pause);
      const offered = await this.#offer(outcomes);
      if (offered !== "refused") return offered === "recorded";
    }
    return false;
  }

  async #offer(outcomes: Outcome | readonly Outcome[]): Promise<"recorded" | "lost" | "refused"> {
    try {
      await this.#write(outcomes);
      return "recorded";
    } catch (error) {
      return this.#noteFailure(error);
    }
  }

  #noteFailure(error: unknown): "lost" | "refused" {
    if ((error as { readonly code?: unknown }).code === "shard_lost") return "lost";
    this.#options.observer?.fault?.("record", error);
    return "refused";
  }

  /** Ends early if the process ends. */
  #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        cancel();
        signal.removeEventListener("abort", wakeUp);
        resolve();
      };
      const cancel = clock.setTimer(ms, wakeUp);
      signal.addEventListener("abort", wakeUp, { once: true });
    });
  }
}

const OUTCOME_BYTES = 500;

function bytesOf({ attempt }: Outcome): number {
  if (attempt === null) return OUTCOME_BYTES;
  return OUTCOME_BYTES + attempt.response.length + (attempt.detailJson?.length ?? 0);
}
