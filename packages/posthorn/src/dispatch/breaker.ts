/**
 * Circuit breaker: stops attempts to a failing endpoint, and sends single probes to find out whether it has recovered.
 *
 *     closed ──failures in a row, or asked to wait──→ open ──probe is due──→ half open ──success──→ closed
 *                                                      ↑                         │
 *                                                      └──failure: longer wait───┘
 *
 * While the circuit is open, deliveries are on hold in the store and use up no attempts. After an outage, a slow start limits the rate.
 */
import type { BreakerPolicy } from "./policy.ts";
import { RateLimit } from "./rate-limit.ts";

export type BreakerState = "closed" | "open" | "half_open";
/** Why the circuit is open: recent attempts all failed; the endpoint asked to wait; or it was failing when the process started. */
export type BreakerReason = "failures" | "asked_to_wait" | "failing_before_restart";

/** Random share added to a wait, so that endpoints that failed together are not probed together. */
const JITTER = 0.2;
/** First wait after a 429 or 503 without `Retry-After`; doubled each time. */
const FIRST_ASKED_MS = 1000;
/** Used when the policy has no breaker but the endpoint asked to wait. */
const NO_POLICY: BreakerPolicy = { failures: Infinity, windowMs: 0, probeMs: 30_000, maxProbeMs: 900_000 };

export interface BreakerView {
  readonly state: BreakerState;
  readonly reason: BreakerReason | null;
  /** When it last opened or closed, in Unix milliseconds; `null`: it has never been open. */
  readonly since: number | null;
  /** Failures in a row. */
  readonly failures: number;
  /** When the next probe is due, Unix milliseconds; `null`: the circuit is not open. */
  readonly nextProbeAt: number | null;
}

export class Breaker {
  #state: BreakerState = "closed";
  #reason: BreakerReason | null = null;
  #since: number | null = null;
  #failures = 0;
  #firstFailureAt = 0;
  #gapMs = 0;
  #askedMs = 0;
  #probeAt = 0;
  /** The latest time until which the endpoint asked to wait, including requests while the circuit was open. */
  #askedUntil = 0;
  /** A probe was requested while another was in flight. That one cannot confirm repairs made after it started. */
  #probesAgain = false;
  /** Incremented whenever the circuit opens, so that attempts that started earlier no longer count. */
  #epoch = 0;

  get epoch(): number {
    return this.#epoch;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Consecutive failures, and the time of the first one. */
  get streak(): { readonly failures: number; readonly since: number } {
    return { failures: this.#failures, since: this.#firstFailureAt };
  }

  /** When the next attempt may start; infinity while a probe is in flight. */
  readyAt(now: number): number {
    if (this.#state === "closed") return now;
    return this.#state === "open" ? this.#probeAt : Number.POSITIVE_INFINITY;
  }

  /** An attempt starts. */
  started(): void {
    this.#probesAgain = false;
    if (this.#state === "open") this.#state = "half_open";
  }

  /** Reverts `started`: the attempt was not made. */
  notMade(now: number, epoch: number): void {
    if (this.#state !== "half_open" || epoch !== this.#epoch) return;
    this.#state = "open";
    this.#probeAt = now;
  }

  /** Returns whether this closed the circuit. */
  succeeded(now: number, epoch: number): boolean {
    if (epoch !== this.#epoch) return false;
    this.#failures = 0;
    this.#askedMs = 0;
    this.#askedUntil = 0;
    if (this.#state === "closed") return false;
    this.#state = "closed";
    this.#reason = null;
    this.#since = now;
    this.#gapMs = 0;
    return true;
  }

  /** Returns whether this opened the circuit. */
  failed(now: number, epoch: number, policy: BreakerPolicy | null, random: number): boolean {
    if (epoch !== this.#epoch) return false;
    if (this.#failures === 0 || now < this.#firstFailureAt) this.#firstFailureAt = now;
    this.#failures++;
    const { failures, windowMs, probeMs, maxProbeMs } = policy ?? NO_POLICY;
    const isTripped = this.#failures >= failures && now - this.#firstFailureAt >= windowMs;
    if (this.#state === "closed" && !isTripped) return false;
    this.#gapMs = this.#gapMs === 0 ? probeMs : Math.min(maxProbeMs, 2 * this.#gapMs);
    const waitMs = this.#probesAgain ? 0 : this.#gapMs * (1 + JITTER * random);
    return this.#open(now, waitMs, this.#reason ?? "failures");
  }

  /**
   * The endpoint asked to wait.
   * @param ms For how long; `null`: it did not say.
   */
  askedToWait(now: number, epoch: number, ms: number | null, policy: BreakerPolicy | null): boolean {
    if (ms !== null) this.#askedUntil = Math.max(this.#askedUntil, now + ms);
    if (epoch !== this.#epoch) {
      // The attempt was in flight when the circuit opened, but the requested wait still applies.
      if (this.#state === "open") this.#probeAt = Math.max(this.#probeAt, this.#askedUntil);
      return false;
    }
    if (this.#failures === 0) this.#firstFailureAt = now;
    this.#failures++;
    const { maxProbeMs } = policy ?? NO_POLICY;
    this.#askedMs = this.#askedMs === 0 ? FIRST_ASKED_MS : Math.min(maxProbeMs, 2 * this.#askedMs);
    return this.#open(now, ms ?? this.#askedMs, "asked_to_wait");
  }

  /** The endpoint was failing in an earlier run: one probe is made before all other attempts. */
  suspect(now: number, failures: number, since: number, waitMs: number): void {
    this.#failures = failures;
    this.#firstFailureAt = since;
    this.#open(now, waitMs, "failing_before_restart");
    this.#since = since;
  }

  /** Allows the next probe now, or right after the one in flight. */
  tryNow(now: number): void {
    this.#askedUntil = 0;
    if (this.#state === "open") this.#probeAt = Math.min(this.#probeAt, now);
    this.#probesAgain = this.#state === "half_open";
  }

  /** Adjusts the times after the clock was set back, so that the circuit does not stay open longer. */
  clockSetBack(ms: number): void {
    this.#probeAt -= ms;
    this.#askedUntil -= ms;
  }

  view(): BreakerView {
    const { failures } = this.streak;
    const nextProbeAt = this.#state === "open" ? this.#probeAt : null;
    return { state: this.#state, reason: this.#reason, since: this.#since, failures, nextProbeAt };
  }

  #open(now: number, waitMs: number, reason: BreakerReason): boolean {
    const was = this.#state;
    if (was === "closed") this.#since = now;
    this.#state = "open";
    this.#reason = reason;
    this.#probeAt = Math.max(now + Math.round(waitMs), this.#askedUntil);
    this.#epoch++;
    return was === "closed";
  }
}

/** Attempts per second to a failing endpoint whose circuit has not opened yet. */
const FAILING_RATE = 10;
/** Number of consecutive failures after which that rate applies. */
const FAILING_AFTER = 4;
/** After an outage of at least this length, a slow start follows even if the circuit did not open. */
const LONG_MS = 30_000;
/** Growth per second above the last good rate. */
const GROWTH = 1.1;
/** Rate per second at which the limit is lifted. */
const UNLIMITED_FROM = 4096;
/** Share of the good rate that an endpoint keeps after it asked for fewer requests. */
const KEPT_SHARE = 0.8;
/** Weight of the newest second in the good rate. */
const NEWEST = 0.3;

/** Limits the rate of an endpoint that fails or has just recovered, so that neither an outage nor its end floods it. */
export class SlowStart {
  #limit: RateLimit | null = null;
  #isRising = false;
  #raisedAt = 0;
  /** Recent successes per second. */
  #goodRate = 0;
  #second = 0;
  #inSecond = 0;

  /** Attempts per second that the slow start allows now; `null`: unlimited. */
  get perSecond(): number | null {
    return this.#limit?.perSecond ?? null;
  }

  /** Whether the rate is rising after an outage. */
  get isRising(): boolean {
    return this.#isRising;
  }

  readyAt(now: number): number {
    return this.#limit === null ? now : this.#limit.readyAt(now);
  }

  started(now: number): void {
    this.#limit?.take(now);
  }

  notMade(startedAt: number): void {
    this.#limit?.giveBack(startedAt);
  }

  /** Starts the recovery: 1 attempt per second, then 2, 4 … */
  begin(now: number): void {
    this.#isRising = true;
    this.#raisedAt = now;
    this.#limit = new RateLimit(1, now + 1000);
  }

  /** The endpoint asked for fewer requests than its good rate. */
  lowerGoodRate(): void {
    this.#goodRate *= KEPT_SHARE;
  }

  /** @param failingSince When the failures before this began; `null`: there were none. */
  succeeded(now: number, failingSince: number | null): void {
    this.#count(now);
    if (this.#limit === null) return;
    if (this.#isRising) this.#rise(now);
    else if (failingSince !== null && now - failingSince >= LONG_MS) this.begin(now);
    else this.#limit = null;
  }

  failed(now: number, failuresInARow: number): void {
    if (failuresInARow < FAILING_AFTER) return;
    if (this.#isRising || this.#limit === null) this.#limit = new RateLimit(FAILING_RATE, now);
    this.#isRising = false;
  }

  #rise(now: number): void {
    if (now < this.#raisedAt) this.#raisedAt = now;
    if (now - this.#raisedAt < 1000) return;
    const { perSecond } = this.#limit!;
    const next = perSecond < this.#goodRate ? Math.min(2 * perSecond, Math.max(this.#goodRate, 1)) : raised(perSecond);
    this.#raisedAt = now;
    this.#isRising = next < UNLIMITED_FROM;
    this.#limit = this.#isRising ? new RateLimit(next, now) : null;
  }

  /** Only seconds without a limit show how much the endpoint can handle. */
  #count(now: number): void {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      const last = second === this.#second + 1 ? this.#inSecond : 0;
      if (this.#limit === null && (last > 0 || this.#goodRate === 0)) {
        this.#goodRate = Math.max(last, this.#goodRate + NEWEST * (last - this.#goodRate));
      }
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond++;
  }
}

/** Low rates double even above the last good rate, for endpoints that had little traffic before. */
function raised(perSecond: number): number {
  return perSecond < 16 ? 2 * perSecond : perSecond * GROWTH;
}
