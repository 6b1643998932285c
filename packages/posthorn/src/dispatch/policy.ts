/** The part of an endpoint's delivery policy that the dispatcher applies. Times are in milliseconds. */
export interface LanePolicy {
  /** Key of the application: attempts are shared fairly between applications. */
  readonly tenant: number;
  /** Host that receives the requests. Endpoints on one host share a concurrency limit. */
  readonly host: string;
  /** Maximum number of attempts in flight; the lane may use fewer. */
  readonly concurrency: number;
  /** Attempts per second; `null`: unlimited. */
  readonly rate: number | null;
  /** Paused by a person until then, Unix milliseconds; `null`: not paused. */
  readonly pausedUntil: number | null;
  /**
   * Whether to send the newest queued deliveries first, so that current events do not wait behind a backlog. Ignored
   * with ordered delivery.
   */
  readonly newestFirst: boolean;
  readonly retry: RetryPolicy;
  /** `null`: the circuit never opens. */
  readonly breaker: BreakerPolicy | null;
  /** `null`: deliveries are made in any order. */
  readonly order: OrderPolicy | null;
  /** `null`: deliveries are sent individually. */
  readonly batch: BatchPolicy | null;
}

/** How deliveries are sent together. A batch counts as one attempt against concurrency and rate. */
export interface BatchPolicy {
  /** Maximum deliveries in a batch; at least 2. */
  readonly items: number;
  /** Maximum bytes of messages in a batch. A larger message is sent alone. */
  readonly bytes: number;
  /** How long the first delivery waits for others; 0: only deliveries that are already due are combined. */
  readonly waitMs: number;
  /**
   * Whether a batch may contain several deliveries with the same ordering key. False for targets that may accept only
   * some of a batch, which would change the order.
   */
  readonly sharesKeys: boolean;
  /**
   * Whether the target recognises a batch by its members. Such a batch is stored before it is sent, and always resent
   * as a whole.
   */
  readonly isKept: boolean;
}

/** From and to, both inclusive. */
export type StatusRange = readonly [number, number];

export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Maximum age for retries, counted from when the first attempt was due; `null`: only the backoff limits them. */
  readonly maxAgeMs: number | null;
  /** Response codes that end the retries immediately. */
  readonly stopCodes: readonly StatusRange[];
  /** Response codes that are retried; `null`: every failure. A failure without a response is always retried. */
  readonly retryCodes: readonly StatusRange[] | null;
}

export type Backoff =
  /** The first delay follows the first attempt. `jitter`: the share of a delay that is added at random, 0 to 1. */
  | { readonly kind: "schedule"; readonly delaysMs: readonly number[]; readonly jitter: number }
  /** Full jitter: from 0 to `firstMs * factor ** n`, at most `maxMs`, for this many attempts in all. */
  | {
      readonly kind: "exponential";
      readonly firstMs: number;
      readonly factor: number;
      readonly maxMs: number;
      readonly attempts: number;
    };

export interface BreakerPolicy {
  /** Consecutive failures, over at least `windowMs`, that open the circuit. */
  readonly failures: number;
  readonly windowMs: number;
  /** From opening to the first probe; doubled after each probe that fails, up to `maxProbeMs`. */
  readonly probeMs: number;
  readonly maxProbeMs: number;
}

export interface OrderPolicy {
  /** One queue for the endpoint, or one for each ordering key. Messages without a key have no order. */
  readonly by: "endpoint" | "key";
  /**
   * The effect of a failure on the deliveries behind it: `block` makes them wait until it succeeds or ends, `skip` lets
   * them overtake it while it is retried, `park` takes it out until a person resends it.
   */
  readonly onFailure: "block" | "skip" | "park";
  /** How long a message may block others before it is overtaken; `null`: forever. */
  readonly maxBlockMs: number | null;
}

/** Source of policies. Returning a policy without a promise keeps the hot path synchronous. */
export interface LanePolicies {
  /** `null` if the endpoint does not exist. */
  policy(endpointId: number): LanePolicy | null | Promise<LanePolicy | null>;
  /** Failures of an endpoint before this process started; `null`: none, or unknown. */
  failing?(endpointId: number): Failing | null;
}

export interface Failing {
  /** Failures in a row. */
  readonly failures: number;
  /** Time of the first one, in Unix milliseconds. */
  readonly since: number;
}
