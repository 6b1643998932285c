/** Delivery policy of an endpoint, as far as the dispatcher applies it. Times are milliseconds. */
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
  /** Sends the newest queued deliveries first, so that current events do not wait behind a backlog. Ignored where there is an order. */
  readonly newestFirst: boolean;
  readonly retry: RetryPolicy;
  /** `null`: the circuit never opens. */
  readonly breaker: BreakerPolicy | null;
  /** `null`: deliveries are made in any order. */
  readonly order: OrderPolicy | null;
  /** `null`: each delivery is sent on its own. */
  readonly batch: BatchPolicy | null;
}

/** How deliveries are sent together. A batch counts as one attempt against concurrency and rate. */
export interface BatchPolicy {
  /** Most deliveries in a batch; at least 2. */
  readonly items: number;
  /** Most bytes of messages in a batch. A larger message is sent on its own. */
  readonly bytes: number;
  /** How long the first delivery waits for others; 0: those that are due go together. */
  readonly waitMs: number;
  /** Whether a batch may have several deliveries with one order key. If not, a target that accepts only some of them would change their order. */
  readonly sharesKeys: boolean;
  /** The target recognises a batch by its members: it is stored before it is sent, and sent again as a whole. */
  readonly isKept: boolean;
}

/** From and to, both inclusive. */
export type StatusRange = readonly [number, number];

export interface RetryPolicy {
  readonly backoff: Backoff;
  /** Deliveries are not retried past this age, counted from when the first attempt was due; `null`: the backoff decides. */
  readonly maxAgeMs: number | null;
  /** Response codes that end the retries at once. */
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
  /** Failures in a row, over at least `windowMs`, that open the circuit. */
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
   * What a failure does to the deliveries behind it: `block` makes them wait until it succeeds or ends, `skip` lets them overtake it while
   * it is retried, `park` takes it out until a person resends it.
   */
  readonly onFailure: "block" | "skip" | "park";
  /** After blocking for this long, a message is overtaken; `null`: never. */
  readonly maxBlockMs: number | null;
}

/** Source of policies. A policy that is returned without a promise keeps the hot path free of waiting. */
export interface LanePolicies {
  /** `null` when the endpoint does not exist (any longer). */
  policy(endpointId: number): LanePolicy | null | Promise<LanePolicy | null>;
  /** How an endpoint was failing before this process started; `null`: it was not, or that is not known. */
  failing?(endpointId: number): Failing | null;
}

export interface Failing {
  /** Failures in a row. */
  readonly failures: number;
  /** When the first of them was, Unix milliseconds. */
  readonly since: number;
}
