/** What the dispatcher needs from its surroundings. Everything slow, random or external is passed in through these interfaces. */

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls back once after `ms`. Returns a function that cancels the timer. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** A delivery in memory: one message for one endpoint. */
export interface Job {
  readonly messageId: number;
  readonly publicId: string;
  readonly endpointId: number;
  /** When it became due, Unix milliseconds. */
  readonly due: number;
  /** Scheduled attempts that counted so far. */
  readonly attempts: number;
  readonly generation: number;
  /** 0 scheduled, 1 manual. */
  readonly trigger: 0 | 1;
  readonly contentType: string;
  readonly orderingKey: string | null;
  /** The inbound request of the message, without its body; `null` for a published message. */
  readonly requestJson: string | null;
  /** `null` when it must be fetched. */
  readonly payload: Uint8Array | null;
  /** No attempt is made from this time on, Unix milliseconds; absent or `null`: there is no such time. */
  readonly deliverUntil?: number | null;
  /** When its first attempt was due, Unix milliseconds; absent: at `due`. */
  readonly firstDue?: number;
  /** A first attempt that nothing delays: it is due regardless of the clock. Absent: `due` decides. */
  readonly immediate?: boolean;
  /** It waits for the jobs of its endpoint with the same key and a lower message key; absent or `null`: it has no order. */
  readonly orderKey?: string | null;
  /** Resent manually, and not as part of a recovery: it waits for no other job. */
  readonly resent?: boolean;
}

/** What is recorded about an attempt. */
export interface AttemptRecord {
  readonly id: number;
  readonly publicId: string;
  readonly url: string;
  /** 0 success, 2 failure. */
  readonly status: 0 | 2;
  /** 0 when there was no response. */
  readonly responseCode: number;
  readonly response: string;
  readonly durationMs: number;
  readonly errorCode: string | null;
  /** Request, phases and peer as JSON, for people to read. */
  readonly detailJson: string | null;
  /** It failed before anything was sent, so it says nothing about the endpoint. */
  readonly unsent?: true;
}

export type AttemptResult =
  /** A request was made, or could not be built, and the attempt counts. */
  | {
      readonly kind: "made";
      readonly attempt: AttemptRecord;
      /** A retry would fail in the same way, so there is none. */
      readonly final?: true;
      /** How long the endpoint asked to wait; `null`: it did not ask. */
      readonly retryAfterMs: number | null;
    }
  /** The endpoint is disabled. No attempt is used up. The lane is held until it is woken. */
  | { readonly kind: "held" }
  /** The delivery has no content or no recipient any longer, and is canceled. */
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
}

/** As stored: 0 pending, 1 succeeded, 2 failed, 3 canceled. */
export type JobState = 0 | 1 | 2 | 3;

/** Permission to record the outcome of an attempt. An outcome under a lost lease is refused. */
export interface Lease {
  readonly shard: number;
  readonly fence: number;
}

/** Which lanes this node owns. */
export interface LaneOwners {
  /** Only this node stores jobs for its lanes, so that the store cannot have older ones that it does not know. */
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

/** Effect of an attempt, or of the decision not to make one, on its delivery. */
export interface Outcome {
  readonly messageId: number;
  readonly endpointId: number;
  readonly generation: number;
  readonly trigger: 0 | 1;
  readonly state: JobState;
  readonly due: number | null;
  readonly attempts: number;
  readonly attempt: AttemptRecord | null;
  /** Why and when it was canceled. */
  readonly cancel?: { readonly reason: string; readonly at: number } | null;
  /** From this time on other jobs may overtake it, unless an earlier time was set before; absent or `null`: unchanged. */
  readonly passAt?: number | null;
  readonly lease?: Lease;
}

export interface JobPage {
  readonly deliveries: readonly Job[];
  readonly nextDue: number | null;
  /** Only for an ordered page. */
  readonly ordered?: OrderedPage;
}

/** A page other than the default, which has the jobs that have waited longest first. */
export type PageWish =
  | { readonly kind: "newest" }
  /**
   * The jobs that may start: every earlier job of the same key is done, or among `known`, the message keys in memory. `keys`: a few jobs of
   * each of these keys, lowest messages first; `null`: jobs of all keys, by due time from a place on.
   */
  | {
      readonly kind: "ordered";
      readonly after: Position;
      readonly known: readonly number[];
      readonly keys: readonly string[] | null;
    };

/** A place among the jobs of an endpoint by due time: just after this job. */
export interface Position {
  readonly due: number;
  readonly messageId: number;
}

export interface OrderedPage {
  /** The last job that was scanned. */
  readonly scannedTo: Position;
  /** No further jobs are due. */
  readonly done: boolean;
  /** For each key with jobs that cannot start yet: the place just before the first of them. */
  readonly left: readonly { readonly key: string; readonly at: Position }[];
  /** When the first of the jobs that block others may be overtaken; `null`: none is known. */
  readonly passAt: number | null;
  /** Keys that were requested and not scanned, because the page was full. */
  readonly unread: readonly string[];
}

/** The database behind the lanes. */
export interface JobStore {
  /** Jobs of one endpoint that are due at `now`, longest waiting first. Must see every outcome that was recorded before the call. */
  due(endpointId: number, now: number, limit: number, wish?: PageWish): Promise<JobPage>;
  /** Rejects with the code `shard_lost` when its lease is lost. */
  record(outcome: Outcome): Promise<void>;
  backlog(): Promise<readonly { readonly endpointId: number; readonly due: number }[]>;
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
  trouble?(what: "record" | "page" | "attempt", error: unknown): void;
}
