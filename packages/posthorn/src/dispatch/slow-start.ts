/** Slow start: limits the rate of an endpoint that fails or has just recovered, so that neither an outage nor its end floods it. */
import { RateLimit } from "./rate-limit.ts";

/** Attempts per second to an endpoint that fails and whose circuit has not opened yet. */
const FAILING_RATE = 10;
/** Failures in a row after which that rate applies. */
const FAILING_AFTER = 4;
/** An outage that lasted this long ends with a slow start, even if no circuit opened. */
const LONG_MS = 30_000;
/** Growth per second above the last good rate. */
const GROWTH = 1.1;
/** Rate per second from which the limit is lifted. */
const UNLIMITED_FROM = 4096;
/** Share of its good rate that an endpoint keeps when it asks for less. */
const KEPT_SHARE = 0.8;
/** Weight of the newest second in the good rate. */
const NEWEST = 0.3;

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

  /** The endpoint asked for less than its good rate. */
  askedForLess(): void {
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
