/**
 * Controls how fast deliveries to one endpoint are made: rate limit, circuit breaker, concurrency, and pauses that the
 * endpoint requested. Outlives the lane, which is dropped whenever it is idle.
 */
import { Breaker, type BreakerView, SlowStart } from "./breaker.ts";
import type { LanePolicy } from "./policy.ts";
import { RateLimit, SECOND_ON_ARRIVAL_MS } from "./rate-limit.ts";
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
  /** Current limit on attempts in flight. */
  readonly concurrency: number;
  /** Upper limit on attempts in flight. */
  readonly maxConcurrency: number;
  /** Attempts per second that its policy allows; `null`: unlimited. */
  readonly ratePerSecond: number | null;
  /** Reduced attempts per second while the endpoint fails or recovers; `null`: not reduced. */
  readonly reducedPerSecond: number | null;
  /** Whether the endpoint is recovering from an outage and its rate is rising. */
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
  /** Until when the endpoint, in a successful response, asked for no further messages. Unix milliseconds. */
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

  /**
   * Until when its jobs stay in the store, because the circuit is open or a person paused the endpoint. Infinity while
   * a probe is in flight.
   */
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

  /** Current limit on attempts in flight. */
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

  /** Reverts a started attempt: no request was made, so nothing was used up. */
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
    if (asked && opened) this.#slowStart.lowerGoodRate();
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

/** Limit of an endpoint without history. */
const FIRST = 4;
const SHRINK = 0.7;
/** A response within this time is never considered slow, regardless of how fast the endpoint was before. */
const SLUGGISH_MS = 500;
/** A response is slow when it takes this many times the usual duration. */
const SLUGGISH_FACTOR = 4;
/** Weight of the newest duration in the recent one. */
const RECENT = 0.3;
/** The usual duration of a new endpoint is the mean of this many first responses, none of which is considered slow. */
const LEARNED_FROM = 5;
/** Weight of the newest response in the usual duration after that. */
const USUAL = 0.05;
/** Minimum time in which the usual duration can double. */
const DOUBLING_MS = 3_600_000;
/** If the pause between two responses is longer, only this much of it counts towards a rise. */
const MAX_STEP_MS = 60_000;
/** Endpoints that take longer than this share the limit for slow endpoints. */
const SLOW_MS = 1000;

/**
 * Limit on concurrent attempts to an endpoint: rises while the endpoint keeps up, falls when it fails or slows down.
 *
 * Additive increase and multiplicative decrease, as in TCP: the limit doubles up to the size at which problems occurred
 * before, then grows by one for each round of responses. It grows only while it is fully used.
 *
 * A response is slow by comparison with the usual duration. The usual duration follows faster responses quickly, but rises by at most a
 * doubling per hour: an overloaded endpoint cannot make its own slowness the reference, whether it slows down suddenly or gradually, and
 * its limit stays low until it is fast again. An endpoint that becomes up to four times slower is not throttled, and its new duration
 * becomes the usual one. An endpoint that stays much slower is accepted after hours (eight times slower: one hour, sixteen times: two),
 * since low concurrency has not made it faster and its queue must not grow forever. Failures do not count: refused connections are fast,
 * and timeouts slow, for other reasons.
 */
export class ConcurrencyWindow {
  #size = FIRST;
  #most = Number.POSITIVE_INFINITY;
  #threshold = Number.POSITIVE_INFINITY;
  /** Attempts that started before this time belong to an overload that was already counted. */
  #shrunkAt = Number.NEGATIVE_INFINITY;
  readonly #usual = new UsualDuration();
  #recentMs = 0;

  /**
   * @param most The limit of the policy. The window never grows beyond it, so that a lower policy takes effect at once.
   */
  limit(most: number): number {
    this.#most = most;
    return Math.max(1, Math.min(most, Math.floor(this.#size)));
  }

  /** Recent duration of attempts, in milliseconds. */
  get recentMs(): number {
    return this.#recentMs;
  }

  /** Whether responses take so long that the endpoint falls under the limit for slow endpoints. */
  get isSlow(): boolean {
    return this.#recentMs > SLOW_MS;
  }

  /** @param isFull Whether as many attempts were in flight as allowed. */
  succeeded(startedAt: number, now: number, isFull: boolean): void {
    const ms = this.#note(startedAt, now);
    const isSlow = ms > SLUGGISH_MS && ms > this.#usual.ms * SLUGGISH_FACTOR;
    this.#usual.note(ms, now);
    if (isSlow) this.#shrink(startedAt, now);
    else if (isFull && this.#size < this.#most) this.#size += this.#size < this.#threshold ? 1 : 1 / this.#size;
  }

  /** The attempt failed in a way that more load would make worse. */
  failed(startedAt: number, now: number): void {
    this.#note(startedAt, now);
    this.#shrink(startedAt, now);
  }

  /** Restarts with one attempt at a time and doubles. Meanwhile, the slow start limits the rate. */
  restart(now: number): void {
    this.#threshold = Number.POSITIVE_INFINITY;
    this.#size = 1;
    this.#shrunkAt = now;
  }

  #shrink(startedAt: number, now: number): void {
    if (startedAt < this.#shrunkAt) return;
    this.#size = Math.max(1, this.#size * SHRINK);
    this.#threshold = this.#size;
    this.#shrunkAt = now;
  }

  #note(startedAt: number, now: number): number {
    const ms = Math.max(0, now - startedAt);
    this.#recentMs = this.#recentMs === 0 ? ms : this.#recentMs + RECENT * (ms - this.#recentMs);
    return ms;
  }
}

/** Mean of the first responses, then a moving average whose rise is bounded by time. */
class UsualDuration {
  #ms = 0;
  #count = 0;
  #notedAt = 0;

  /** In milliseconds; infinity while too few responses are known. */
  get ms(): number {
    return this.#count < LEARNED_FROM ? Number.POSITIVE_INFINITY : this.#ms;
  }

  note(ms: number, now: number): void {
    const step = Math.min(Math.max(0, now - this.#notedAt), MAX_STEP_MS);
    this.#notedAt = now;
    if (this.#count < LEARNED_FROM) {
      this.#count++;
      this.#ms += (ms - this.#ms) / this.#count;
      return;
    }
    const average = this.#ms + USUAL * (ms - this.#ms);
    // The floor lets a duration of zero, as of a receiver in the same process, rise.
    this.#ms = Math.min(average, Math.max(1, this.#ms) * 2 ** (step / DOUBLING_MS));
  }
}

/** Whether an attempt without a response has taken so long that its endpoint counts as slow. */
export function isHanging(startedAt: number, now: number): boolean {
  return now - startedAt > SLOW_MS;
}
