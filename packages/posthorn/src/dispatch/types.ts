/** What the dispatcher needs from its surroundings. Everything slow, random or external is passed in through these interfaces. */
import type { KeptBatches } from "./kept-batches.ts";
import type { BatchPolicy } from "./policy.ts";
import type {
  AttemptRecord,
  BatchStore,
  EndpointBacklog,
  Job,
  JobPage,
  KeptBatch,
  Lease,
  Outcome,
  PageSelection,
} from "../store/delivery.ts";

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls back once after `ms`. Returns a function that cancels the timer. */
  setTimer(ms: number, callback: () => void): () => void;
}

export type AttemptResult =
  /** A request was made, or could not be built, and the attempt counts. */
  | {
      readonly kind: "made";
      readonly attempt: AttemptRecord;
      /** A retry would fail in the same way, so there is none. */
      readonly final?: true;
      /** How long the endpoint asked to wait, which it may also do when it accepts a message; `null`: it did not ask. */
      readonly retryAfterMs: number | null;
    }
  /** The endpoint is disabled. No attempt is used up. The lane is held until it is woken. */
  | { readonly kind: "held" }
  /** The delivery no longer has content or a recipient, and is canceled. */
  | { readonly kind: "void"; readonly reason?: string }
  /** A fault on Posthorn's side. No attempt is used up. The lane tries again after a pause. */
  | { readonly kind: "not_now"; readonly pauseMs: number };

export interface Attempter {
  /**
   * Makes one attempt. Must end by its own deadline or, with any result, soon after `signal` aborts.
   *
   * @param maySend Called right before the request is written. Returns `false` if another node may own the lane by now, because this
   * process was suspended or cut off. Then nothing is sent and the result is `not_now`.
   */
  attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult>;
  /**
   * Makes one attempt for each of several jobs of an endpoint, in as few requests as possible. Returns a result per job. Absent if there are no
   * batches.
   */
  attemptBatch?(jobs: readonly Job[], batch: BatchAttempt): Promise<readonly BatchedResult[]>;
}

/** `behind`: it was not sent, because a job before it in the same order failed. No attempt is used up. */
export type BatchedResult = AttemptResult | { readonly kind: "behind" };

export interface BatchAttempt {
  readonly policy: BatchPolicy;
  readonly signal: AbortSignal;
  /** As for `attempt`. */
  readonly maySend: () => boolean;
  /** The batch that these jobs were sent in before; `null`: none, or it is no longer complete. */
  readonly earlier: KeptBatch | null;
  /** Batches of the endpoint, for targets that recognise them; `null`: the target does not. */
  readonly kept: KeptBatches | null;
  /** Whether a job that fails stops those of the same order key behind it. */
  readonly isOrdered: boolean;
  readonly lease: Lease | undefined;
}

/** Which lanes this node owns. */
export interface LaneOwners {
  /** Only this node stores jobs for its lanes, so the store has no older ones that it does not know about. */
  readonly alone: boolean;
  /** Whether this node owns the lane of the endpoint. */
  owns(endpointId: number): boolean;
  /**
   * The lease under which an attempt that starts now is recorded. `undefined`: none is needed. `null`: none may start, because another node
   * owns the lane or may own it shortly.
   */
  lease(endpointId: number): Lease | undefined | null;
  /** Whether an attempt that started under this lease may still send its request: no other node owns the lane yet. */
  holds(lease: Lease | undefined): boolean;
}

/** A single node owns every lane. */
export const SOLE_OWNER: LaneOwners = { alone: true, owns: () => true, lease: () => undefined, holds: () => true };

/** The database behind the lanes. */
export interface JobStore {
  /** Jobs of one endpoint that are due at `now`, longest waiting first. Must see every outcome that was recorded before the call. */
  due(endpointId: number, now: number, limit: number, selection?: PageSelection): Promise<JobPage>;
  /** Rejects with the code `shard_lost` when its lease is lost. */
  record(outcome: Outcome): Promise<void>;
  /** As `record`, for outcomes under one lease, in one commit. */
  recordAll(outcomes: readonly Outcome[]): Promise<void>;
  readonly batches: BatchStore;
  /** Endpoints with pending deliveries. */
  backlog(): Promise<readonly EndpointBacklog[]>;
}

export interface DispatchLimits {
  /** Attempts in flight over all endpoints. */
  readonly concurrency: number;
  /** Attempts in flight per tenant. */
  readonly tenantConcurrency: number;
  /** Attempts in flight per host, over all endpoints there. */
  readonly hostConcurrency: number;
  /** Attempts in flight to slow endpoints. */
  readonly slowConcurrency: number;
  /** Attempts in flight that are retries. */
  readonly retryConcurrency: number;
  /** Jobs that one lane holds in memory; the rest stays in the store until there is room. */
  readonly laneJobs: number;
  /** Bytes that all lanes together hold in memory. */
  readonly queueBytes: number;
}

const DEFAULTS = { concurrency: 512, hostConcurrency: 128, laneJobs: 256, queueBytes: 128 * 1024 * 1024 } as const;

/** Completes a set of limits. Missing ones follow from `concurrency`, so that no group can take every slot. */
export function limitsOf(set: Partial<DispatchLimits> = {}): DispatchLimits {
  const limits = { ...DEFAULTS, ...set };
  const half = Math.ceil(limits.concurrency / 2);
  const tenantConcurrency = Math.ceil((limits.concurrency * 3) / 4);
  return { tenantConcurrency, slowConcurrency: half, retryConcurrency: half, ...limits };
}

/** Events of the dispatcher, for logs and metrics. Every method is called synchronously and must not throw. */
export interface DispatchObserver {
  /** An outcome is stored. */
  recorded?(outcome: Outcome): void;
  /** A fault on Posthorn's side, which is retried. */
  fault?(operation: "record" | "page" | "attempt", error: unknown): void;
}
