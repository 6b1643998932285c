/** Holds an endpoint that is in trouble, or was, to few attempts a second: neither an outage nor its end is a storm. */
import { RateLimit } from "./rate-limit.ts";

/** An endpoint that only fails, and whose breaker has not opened yet, gets so many attempts a second. */
const TRICKLE = 10;
/** After so many failures in a row. */
const TRICKLE_AFTER = 4;
/** An outage that lasted this long ends with a slow start, also when no breaker opened. */
const LONG_MS = 30_000;
/** Above the last good rate it goes on by this much a second. */
const CREEP = 1.1;
/** Nobody is held to more than this. */
const FREE_FROM = 4096;
/** An endpoint that asked for less gets this much of what it had. */
const ASKED = 0.8;
/** Weight of the newest second in the rate that was good. */
const NEWEST = 0.3;

export class Ramp {
  #limit: RateLimit | null = null;
  #climbing = false;
  #raisedAt = 0;
  /** Successes a second, as they were lately. */
  #goodRate = 0;
  #second = 0;
  #inSecond = 0;

  /** Attempts a second that it allows now; `null`: any number. */
  get perSecond(): number | null {
    return this.#limit?.perSecond ?? null;
  }

  /** After an outage, on its way to where it was. */
  get climbing(): boolean {
    return this.#climbing;
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

  /** It is back: 1 a second, then 2, 4 … */
  climb(now: number): void {
    this.#climbing = true;
    this.#raisedAt = now;
    this.#limit = new RateLimit(1, now + 1000);
  }

  /** What was good was too much. */
  askedForLess(): void {
    this.#goodRate *= ASKED;
  }

  /** @param failingSince When the failures before this began; `null`: there were none. */
  succeeded(now: number, failingSince: number | null): void {
    this.#count(now);
    if (this.#limit === null) return;
    if (this.#climbing) this.#rise(now);
    else if (failingSince !== null && now - failingSince >= LONG_MS) this.climb(now);
    else this.#limit = null;
  }

  failed(now: number, failuresInARow: number): void {
    if (failuresInARow < TRICKLE_AFTER) return;
    if (this.#climbing || this.#limit === null) this.#limit = new RateLimit(TRICKLE, now);
    this.#climbing = false;
  }

  #rise(now: number): void {
    if (now < this.#raisedAt) this.#raisedAt = now;
    if (now - this.#raisedAt < 1000) return;
    const { perSecond } = this.#limit!;
    const next = perSecond < this.#goodRate ? Math.min(2 * perSecond, Math.max(this.#goodRate, 1)) : raised(perSecond);
    this.#raisedAt = now;
    this.#climbing = next < FREE_FROM;
    this.#limit = this.#climbing ? new RateLimit(next, now) : null;
  }

  /** Only what was let through freely shows what it can take. */
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

/** The first steps are doubled all the same, for endpoints that had next to nothing before. */
function raised(perSecond: number): number {
  return perSecond < 16 ? 2 * perSecond : perSecond * CREEP;
}
