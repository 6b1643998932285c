/**
 * How fast one endpoint is delivered to: rate limit, circuit breaker, concurrency, and the pauses that it requested. Outlives its lane,
 * which is dropped whenever it is idle.
 */
import { Breaker, type BreakerView } from "./breaker.ts";
import { ConcurrencyWindow } from "./concurrency-window.ts";
import type { LanePolicy } from "./policy.ts";
import { RateLimit, SECOND_ON_ARRIVAL_MS } from "./rate-limit.ts";
import { SlowStart } from "./slow-start.ts";
import type { AttemptRecord } from "../store/delivery.ts";

/** An attempt that has started. */
export interface Ticket {
  readonly startedAt: number;
  /** Epoch of the breaker in which it started. */
  readonly epoch: number;
}

export interface RateControlView {
  readonly breaker: BreakerView;
  /** Paused by a person until then, Unix milliseconds; `null`: not paused. */
  readonly pausedUntil: number | null;
  /** Attempts that may be in flight now. */
  readonly concurrency: number;
  /** Attempts that may be in flight at most. */
  readonly maxConcurrency: number;
  /** Attempts per second that its policy allows; `null`: unlimited. */
  readonly ratePerSecond: number | null;
  /** Reduced attempts per second while the endpoint fails or recovers; `null`: not reduced. */
  readonly reducedPerSecond: number | null;
  /** Whether the endpoint recovers from an outage and its rate is rising. */
  readonly isRecovering: boolean;
  /** Recent duration of an attempt, in milliseconds. */
  readonly recentMs: number;
}

export class RateControl {
  readonly #breaker = new Breaker();
  readonly #window = new ConcurrencyWindow();
  readonly #slowStart = new SlowStart();
  #policy: LanePolicy;
  #rate: RateLimit | null = null;
  /** The endpoint accepted a message and asked for no other before then. Unix milliseconds. */
  #notBefore = 0;

  /** @param ownSince Since when no other node delivers to the endpoint, Unix milliseconds; `null`: no other node ever did. */
  constructor(policy: LanePolicy, now: number, ownSince: number | null = null) {
    this.#policy = policy;
    this.#setRate(policy.rate, now);
    if (ownSince !== null && ownSince <= now) this.#rate?.usedUntil(ownSince);
  }

  get policy(): LanePolicy {
    return this.#policy;
  }

  adopt(policy: LanePolicy, now: number): void {
    if (policy === this.#policy) return;
    // Removing the breaker means that every delivery should be attempted.
    if (this.#policy.breaker !== null && policy.breaker === null) this.#breaker.tryNow(now);
    this.#policy = policy;
    this.#setRate(policy.rate, now);
  }

  /** The endpoint was failing when the process started: one attempt is made before all others, within `waitMs`. */
  suspect(
    now: number,
    { failures, since }: { readonly failures: number; readonly since: number },
    waitMs: number,
  ): void {
    this.#breaker.suspect(now, failures, since, waitMs);
  }

  /** Until when its jobs stay in the store: the circuit is open or a person paused it. Infinity while a probe is in flight. */
  suspendedUntil(now: number): number {
    return Math.max(this.#breaker.readyAt(now), this.#policy.pausedUntil ?? 0, now);
  }

  /** When the rate allows the next attempt. */
  readyAt(now: number): number {
    return Math.max(this.#slowStart.readyAt(now), this.#rate === null ? now : this.#rate.readyAt(now), this.#notBefore);
  }

  /** The circuit is closed. */
  get isClosed(): boolean {
    return this.#breaker.isClosed;
  }

  /** Attempts that may be in flight now. */
  get concurrency(): number {
    return this.#breaker.isClosed ? this.#window.limit(this.#policy.concurrency) : 1;
  }

  get isSlow(): boolean {
    return this.#window.isSlow;
  }

  tryNow(now: number): void {
    this.#notBefore = 0;
    this.#breaker.tryNow(now);
  }

  /** The clock was set back. Rate limits detect that on their own. */
  clockSetBack(ms: number): void {
    this.#notBefore -= ms;
    this.#breaker.clockSetBack(ms);
  }

  started(now: number): Ticket {
    const ticket = { startedAt: now, epoch: this.#breaker.epoch };
    this.#breaker.started();
    this.#slowStart.started(now);
    this.#rate?.take(now);
    return ticket;
  }

  /** No request was made: nothing was used up. */
  notMade(now: number, ticket: Ticket): void {
    this.#breaker.notMade(now, ticket.epoch);
    this.#slowStart.notMade(ticket.startedAt);
    this.#rate?.giveBack(ticket.startedAt);
  }

  /**
   * @param isFull Whether as many attempts were in flight as allowed.
   * @param waitMs How long the endpoint asked to wait before the next attempt; `null`: it did not ask.
   */
  succeeded(now: number, ticket: Ticket, isFull: boolean, waitMs: number | null = null): void {
    if (waitMs !== null) this.#notBefore = Math.max(this.#notBefore, now + waitMs);
    const { failures, since } = this.#breaker.streak;
    this.#window.succeeded(ticket.startedAt, now, isFull);
    if (this.#breaker.succeeded(now, ticket.epoch)) {
      this.#slowStart.begin(now);
      this.#window.restart(now);
    } else {
      this.#slowStart.succeeded(now, failures === 0 ? null : since);
    }
  }

  /** Returns whether this opened the circuit. */
  failed(now: number, ticket: Ticket, failure: Failure, random: number): boolean {
    const { responseCode, retryAfterMs } = failure;
    const { breaker } = this.#policy;
    const asked = retryAfterMs !== null || responseCode === 429 || responseCode === 503;
    const opened = asked
      ? this.#breaker.askedToWait(now, ticket.epoch, retryAfterMs, breaker)
      : this.#breaker.failed(now, ticket.epoch, breaker, random);
    if (asked && opened) this.#slowStart.askedForLess();
    if (asked || responseCode === 0 || responseCode >= 500) this.#window.failed(ticket.startedAt, now);
    this.#slowStart.failed(now, this.#breaker.streak.failures);
    return opened;
  }

  view(): RateControlView {
    const { concurrency: maxConcurrency, rate: ratePerSecond, pausedUntil } = this.#policy;
    return {
      breaker: this.#breaker.view(),
      pausedUntil,
      concurrency: this.concurrency,
      maxConcurrency,
      ratePerSecond,
      reducedPerSecond: this.#slowStart.perSecond,
      isRecovering: this.#slowStart.isRising,
      recentMs: Math.round(this.#window.recentMs),
    };
  }

  #setRate(rate: number | null, now: number): void {
    if ((this.#rate?.perSecond ?? null) === rate) return;
    if (rate === null) this.#rate = null;
    else {
      this.#rate =
        this.#rate?.changed(rate, now, SECOND_ON_ARRIVAL_MS) ?? new RateLimit(rate, now, SECOND_ON_ARRIVAL_MS);
    }
  }
}

export type Failure = Pick<AttemptRecord, "responseCode"> & { readonly retryAfterMs: number | null };
