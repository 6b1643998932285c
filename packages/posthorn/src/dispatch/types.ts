/** What the dispatcher needs from the world around it. Everything that is slow, random or outside comes in through here. */

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls back once after `ms`; the result takes it back. */
  setTimer(ms: number, callback: () => void): () => void;
}

/** A delivery in memory: one message owed to one endpoint. */
export interface Job {
  readonly messageId: number;
  readonly publicId: string;
  readonly endpointId: number;
  /** When it became due, Unix milliseconds. */
  readonly due: number;
  /** Scheduled attempts that counted so far. */
  readonly attempts: number;
  readonly generation: number;
  /** 0 by schedule, 1 by hand. */
  readonly trigger: 0 | 1;
  readonly contentType: string;
  readonly orderingKey: string | null;
  /** How an inbound message came in, beside its body; `null` for a published one. */
  readonly requestJson: string | null;
  /** `null` when it must be fetched. */
  readonly payload: Uint8Array | null;
  /** No attempt is made from this time on; absent or `null`: whenever one can be. */
  readonly deliverUntil?: number | null;
  /** When its first attempt was due, Unix milliseconds; absent: at `due`. */
  readonly firstDue?: number;
  /** A first attempt that nothing delayed, which is due whatever the clock says; absent: as `due` says. */
  readonly immediate?: boolean;
  /** It waits for those of its endpoint with the same key and a lower message key; absent or `null`: for none. */
  readonly orderKey?: string | null;
  /** Asked for by hand, and not part of a recovery: it waits for nothing. */
  readonly resent?: boolean;
}

/** What is written about an attempt that was made. */
export interface AttemptRecord {
  readonly id: number;
  readonly publicId: string;
  readonly url: string;
  /** 0 success, 2 failure. */
  readonly status: 0 | 2;
  readonly responseCode: number;
  readonly response: string;
  readonly durationMs: number;
  readonly errorCode: string | null;
  /** What was sent and seen beside these, for people to read. */
  readonly detailJson: string | null;
  /** It failed before anything was sent: it says nothing of how the endpoint does. */
  readonly unsent?: true;
}

export type AttemptResult =
  /** A request was made, or what was to be sent could not be, and it counts. */
  | {
      readonly kind: "made";
      readonly attempt: AttemptRecord;
      /** It would fail in the same way again: nothing is tried after it. */
      readonly final?: true;
      /** How long the endpoint asks to be left alone; `null`: it does not ask. */
      readonly retryAfterMs: number | null;
    }
  /** The endpoint is off. No attempt is used up; the lane waits until it is woken. */
  | { readonly kind: "held" }
  /** There is nothing to send, or nobody to send it to, any more. */
  | { readonly kind: "void"; readonly reason?: string }
  /** A fault of our own. No attempt is used up; the lane tries again after a pause. */
  | { readonly kind: "not_now"; readonly pauseMs: number };

export interface Attempter {
  /**
   * Makes one attempt. Must end by its own deadline, or soon after `signal` fires with any result.
   *
   * @param maySend Asked right before the request is written: `false` when the lane may be another node's by now, since this process stood
   * still or was cut off. Then nothing is sent and the result is `not_now`.
   */
  attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult>;
}

/** 0 pending, 1 succeeded, 2 failed, 3 canceled: as stored. */
export type JobState = 0 | 1 | 2 | 3;

/** The right to record the outcome of an attempt. Who lost it is refused. */
export interface Lease {
  readonly shard: number;
  readonly fence: number;
}

/** Which lanes are this node's. */
export interface LaneOwners {
  /** Whether whatever is stored for a lane that is here was stored here, so that nothing older can be in the store unseen. */
  readonly alone: boolean;
  /** Whether the lane of this endpoint is here. */
  owns(endpointId: number): boolean;
  /**
   * The right under which an attempt that begins now is recorded; `undefined`: none is needed; `null`: none may begin, since the lane is
   * not here or may be somebody else's before long.
   */
  lease(endpointId: number): Lease | undefined | null;
  /** Whether an attempt that began under this right may still send its request: its lane has no other owner yet. */
  holds(lease: Lease | undefined): boolean;
}

/** One node has every lane. */
export const SOLE_OWNER: LaneOwners = { alone: true, owns: () => true, lease: () => undefined, holds: () => true };

export interface Outcome {
  readonly messageId: number;
  readonly endpointId: number;
  readonly generation: number;
  readonly trigger: 0 | 1;
  readonly state: JobState;
  readonly due: number | null;
  readonly attempts: number;
  readonly attempt: AttemptRecord | null;
  /** Why it was canceled, and when. */
  readonly cancel?: { readonly reason: string; readonly at: number } | null;
  /** From this time on nobody waits for it, unless an earlier time was set before; absent or `null`: it stays as it is. */
  readonly passAt?: number | null;
  readonly lease?: Lease;
}

export interface JobPage {
  readonly deliveries: readonly Job[];
  readonly nextDue: number | null;
  /** Of a page in order. */
  readonly line?: LinePage;
}

/** How a page is made other than with the longest waiting first. */
export type PageWish =
  | { readonly kind: "newest" }
  /**
   * Those whose turn it is: every job of the same key before is done, or among `known`, the message keys in memory. `keys`: a few of each
   * of these keys, lowest messages first; `null`: of all, by due time from a place on.
   */
  | {
      readonly kind: "line";
      readonly after: Position;
      readonly known: readonly number[];
      readonly keys: readonly string[] | null;
    };

/** A place among the jobs of an endpoint by due time: just after this one. */
export interface Position {
  readonly due: number;
  readonly messageId: number;
}

export interface LinePage {
  /** The last job that was looked at. */
  readonly scannedTo: Position;
  /** Nothing more is due. */
  readonly done: boolean;
  /** For each key with jobs whose turn it is not: the place just before the first of them. */
  readonly left: readonly { readonly key: string; readonly at: Position }[];
  /** When the first of the jobs that block others does so no longer; `null`: none is known. */
  readonly passAt: number | null;
  /** Keys that were asked for and not looked at: the page was full. */
  readonly unread: readonly string[];
}

/** The durable truth behind the lanes. */
export interface JobStore {
  /** Jobs of one endpoint due at `now`, longest waiting first. Must see every outcome recorded before the call. */
  due(endpointId: number, now: number, limit: number, wish?: PageWish): Promise<JobPage>;
  /** Rejects with the code `shard_lost` when its lease is not held any more. */
  record(outcome: Outcome): Promise<void>;
  backlog(): Promise<readonly { readonly endpointId: number; readonly due: number }[]>;
}

export interface DispatchLimits {
  /** Attempts in flight over all endpoints. */
  readonly concurrency: number;
  /** Attempts in flight of one tenant. */
  readonly tenantConcurrency: number;
  /** Attempts in flight to one host, over all endpoints there. */
  readonly hostConcurrency: number;
  /** Attempts in flight to endpoints that take long to answer. */
  readonly slowConcurrency: number;
  /** Attempts in flight that are retries. */
  readonly retryConcurrency: number;
  /** Jobs that one lane holds in memory; more stay in the store until there is room. */
  readonly laneJobs: number;
  /** Bytes that all lanes together hold in memory. */
  readonly queueBytes: number;
}

const DEFAULTS = { concurrency: 512, hostConcurrency: 128, laneJobs: 256, queueBytes: 128 * 1024 * 1024 } as const;

/** The limits that hold when these are set. What is not set follows from `concurrency`, so that no group can take every slot. */
export function limitsOf(set: Partial<DispatchLimits> = {}): DispatchLimits {
  const limits = { ...DEFAULTS, ...set };
  const half = Math.ceil(limits.concurrency / 2);
  const tenantConcurrency = Math.ceil((limits.concurrency * 3) / 4);
  return { tenantConcurrency, slowConcurrency: half, retryConcurrency: half, ...limits };
}

/** What happens inside, for logs and metrics. Every method is called synchronously and must not throw. */
export interface DispatchObserver {
  /** An outcome is on disk. */
  recorded?(outcome: Outcome): void;
  /** Something of ours failed and is being tried again. */
  trouble?(what: "record" | "page" | "attempt", error: unknown): void;
}
