/**
 * How fast one endpoint is delivered to just now: its rate, its breaker, how many at once, and what it asked for. Outlives its lane,
 * which goes whenever there is nothing to do.
 */
import { AdaptiveWindow } from "./concurrency-window.ts";
import { Breaker, type BreakerView } from "./breaker.ts";
import type { LanePolicy } from "./policy.ts";
import { Ramp } from "./slow-start.ts";
import { RateLimit, SECOND_ON_ARRIVAL_MS } from "./rate-limit.ts";
import type { AttemptRecord } from "./types.ts";

/** An attempt that was let go. */
export interface Ticket {
  readonly startedAt: number;
  /** The state of the breaker that it belongs to. */
  readonly epoch: number;
}

export interface PaceView {
  readonly breaker: BreakerView;
  /** Held by hand until then, Unix milliseconds; `null`: it is not. */
  readonly pausedUntil: number | null;
  /** Attempts that may be in flight now, and at most. */
  readonly concurrency: number;
  readonly maxConcurrency: number;
  /** Attempts a second that its policy allows; `null`: any number. */
  readonly ratePerSecond: number | null;
  /** Attempts a second that it gets because it is failing, or was; `null`: no bound of that kind. */
  readonly easedTo: number | null;
  /** It is back after an outage, and gets more from second to second. */
  readonly climbing: boolean;
  /** What an answer took lately, in milliseconds. */
  readonly recentMs: number;
}

export class Pace {
  readonly #breaker = new Breaker();
  readonly #window = new AdaptiveWindow();
  readonly #ramp = new Ramp();
  #policy: LanePolicy;
  #rate: RateLimit | null = null;

  /** @param ownSince From when on nobody else has delivered to it, Unix milliseconds; `null`: nobody ever did. */
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
    // Who switched it off wants everything to be tried.
    if (this.#policy.breaker !== null && policy.breaker === null) this.#breaker.tryNow(now);
    this.#policy = policy;
    this.#setRate(policy.rate, now);
  }

  /** It was failing when the process began: one attempt goes before all others, some time within `waitMs`. */
  suspect(
    now: number,
    { failures, since }: { readonly failures: number; readonly since: number },
    waitMs: number,
  ): void {
    this.#breaker.suspect(now, failures, since, waitMs);
  }

  /** Until when it is left alone, with nothing of it in memory; infinity while one attempt decides about it. */
  heldUntil(now: number): number {
    return Math.max(this.#breaker.readyAt(now), this.#policy.pausedUntil ?? 0, now);
  }

  /** When its rates let the next attempt go. */
  readyAt(now: number): number {
    return Math.max(this.#ramp.readyAt(now), this.#rate === null ? now : this.#rate.readyAt(now));
  }

  get isClosed(): boolean {
    return this.#breaker.isClosed;
  }

  /** Attempts that may be in flight. */
  get concurrency(): number {
    return this.#breaker.isClosed ? this.#window.limit(this.#policy.concurrency) : 1;
  }

  get slow(): boolean {
    return this.#window.slow;
  }

  tryNow(now: number): void {
    this.#breaker.tryNow(now);
  }

  /** The clock was set back. Rates notice that by themselves. */
  clockSetBack(ms: number): void {
    this.#breaker.clockSetBack(ms);
  }

  started(now: number): Ticket {
    const ticket = { startedAt: now, epoch: this.#breaker.epoch };
    this.#breaker.started();
    this.#ramp.started(now);
    this.#rate?.take(now);
    return ticket;
  }

  /** No request was made: nothing was used up. */
  notMade(now: number, ticket: Ticket): void {
    this.#breaker.notMade(now, ticket.epoch);
    this.#ramp.notMade(ticket.startedAt);
    this.#rate?.giveBack(ticket.startedAt);
  }

  /** @param full Whether as many were in flight as may be. */
  succeeded(now: number, ticket: Ticket, full: boolean): void {
    const { failures, since } = this.#breaker.streak;
    this.#window.succeeded(ticket.startedAt, now, full);
    if (this.#breaker.succeeded(now, ticket.epoch)) {
      this.#ramp.climb(now);
      this.#window.restart(now);
    } else {
      this.#ramp.succeeded(now, failures === 0 ? null : since);
    }
  }

  /** Returns whether it is left alone from now on. */
  failed(now: number, ticket: Ticket, failure: Failure, random: number): boolean {
    const { responseCode, retryAfterMs } = failure;
    const { breaker } = this.#policy;
    const asked = retryAfterMs !== null || responseCode === 429 || responseCode === 503;
    const opened = asked
      ? this.#breaker.askedToWait(now, ticket.epoch, retryAfterMs, breaker)
      : this.#breaker.failed(now, ticket.epoch, breaker, random);
    if (asked && opened) this.#ramp.askedForLess();
    if (asked || responseCode === 0 || responseCode >= 500) this.#window.failed(ticket.startedAt, now);
    this.#ramp.failed(now, this.#breaker.streak.failures);
    return opened;
  }

  view(): PaceView {
    const { concurrency: maxConcurrency, rate: ratePerSecond, pausedUntil } = this.#policy;
    return {
      breaker: this.#breaker.view(),
      pausedUntil,
      concurrency: this.concurrency,
      maxConcurrency,
      ratePerSecond,
      easedTo: this.#ramp.perSecond,
      climbing: this.#ramp.climbing,
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
