/** How one endpoint is delivered to, as far as the dispatcher decides it. Times are milliseconds. */
export interface LanePolicy {
  /** Key of the application: the unit of fairness between tenants. */
  readonly tenant: number;
  /** Host and port that its requests go to: endpoints on one host share a cap. */
  readonly host: string;
  /** Most attempts in flight; the lane may use fewer. */
  readonly concurrency: number;
  /** Attempts a second, or `null` for no bound. */
  readonly rate: number | null;
  /** Held by hand until then, Unix milliseconds; `null`: it is not. */
  readonly pausedUntil: number | null;
  /** What waits in the store goes out with the newest first, so that what happens now is not behind a backlog. Not where there is an order. */
  readonly newestFirst: boolean;
  readonly retry: RetryPolicy;
  /** `null`: it is never opened. */
  readonly breaker: BreakerPolicy | null;
  /** `null`: deliveries are made in any order. */
  readonly order: OrderPolicy | null;
}

/** From and to, both included. */
export type StatusRange = readonly [number, number];

export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Nothing is tried again when it is this old, counted from the time its first attempt was due; `null`: the backoff decides. */
  readonly maxAgeMs: number | null;
  /** Answers that end the retries at once. */
  readonly stopCodes: readonly StatusRange[];
  /** Answers that are tried again; `null`: every failure. A failure without an answer is always tried again. */
  readonly retryCodes: readonly StatusRange[] | null;
}

export type Backoff =
  /** The first delay follows the first attempt. `jitter`: the part of a delay that chance may add, 0 to 1. */
  | { readonly kind: "schedule"; readonly delaysMs: readonly number[]; readonly jitter: number }
  /** Full jitter: from 0 to `firstMs * factor ** n`, at most `maxMs`, for so many attempts in all. */
  | {
      readonly kind: "exponential";
      readonly firstMs: number;
      readonly factor: number;
      readonly maxMs: number;
      readonly attempts: number;
    };

export interface BreakerPolicy {
  /** Failures in a row, over at least `windowMs`, after which it opens. */
  readonly failures: number;
  readonly windowMs: number;
  /** From opening to the first probe; doubled after each probe that fails, up to `maxProbeMs`. */
  readonly probeMs: number;
  readonly maxProbeMs: number;
}

export interface OrderPolicy {
  /** One queue for the endpoint, or one for each ordering key; messages without a key are in no order. */
  readonly by: "endpoint" | "key";
  /**
   * What a failure does to those behind it: `block` makes them wait until it succeeds or ends, `skip` lets them pass while it is
   * tried again, `park` sets it aside until somebody asks for it.
   */
  readonly onFailure: "block" | "skip" | "park";
  /** A message that blocked for this long is passed by; `null`: never. */
  readonly maxBlockMs: number | null;
}

/** Where the dispatcher asks. An answer at once keeps the hot path free of waiting. */
export interface LanePolicies {
  /** `null` when there is no such endpoint any more. */
  policy(endpointId: number): LanePolicy | null | Promise<LanePolicy | null>;
  /** How an endpoint was failing before this process began, if anybody knows; times are Unix milliseconds. */
  failing?(endpointId: number): Failing | null;
}

export interface Failing {
  readonly failures: number;
  readonly since: number;
}
