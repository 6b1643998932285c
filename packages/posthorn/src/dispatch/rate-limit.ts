/** Rate limit for attempts. */

/** Share of a second's attempts that may start together, so that timers with a resolution of a millisecond keep up with high rates. */
const BURST = 0.05;
/** Length of a second from the receiver's view: a request delayed on its way arrives together with one that started this much later. */
export const SECOND_ON_ARRIVAL_MS = 1025;
/** Number of recent attempts that can be given back. Older attempts are already part of the schedule. */
const REMEMBERED = 64;

/**
 * Allows a number of attempts per second, evenly spaced, and never more in any second. Fractions are allowed: 0.5 is one attempt every two
 * seconds.
 *
 * Uses the generic cell rate algorithm, which keeps one number: the time at which the next attempt would be on schedule. Small bursts run
 * ahead of it, and the schedule is slower by as much, so that burst and schedule together stay within the rate.
 */
export class RateLimit {
  readonly perSecond: number;
  readonly #gapMs: number;
  readonly #aheadMs: number;
  #next: number;
  /** Start times of the last attempts, oldest first. */
  readonly #begun: number[] = [];
  /** `#next` before these attempts. */
  #before: number;

  /**
   * @param from Start of the schedule, Unix milliseconds.
   * @param secondMs Length of the window that has at most `perSecond` attempts.
   */
  constructor(perSecond: number, from: number, secondMs = 1000) {
    const burst = Math.max(1, Math.floor(perSecond * BURST));
    this.perSecond = perSecond;
    this.#gapMs = secondMs / (perSecond - (burst - 1));
    this.#aheadMs = (burst - 1) * this.#gapMs;
    this.#next = from;
    this.#before = from;
  }

  /**
   * Returns a limit with a new rate. Recent attempts under the old rate count, so that a change never allows more
   * attempts in a second.
   */
  changed(perSecond: number, now: number, secondMs = 1000): RateLimit {
    const limit = new RateLimit(perSecond, now, secondMs);
    const next = this.#next - this.#gapMs + limit.#gapMs;
    // Further ahead than attempts can have moved it: the clock was set back.
    if (next > now && next - now <= limit.#gapMs + this.#aheadMs + 1) limit.#startFrom(next);
    return limit;
  }

  /**
   * Another node may have used up the rate until `at`, Unix milliseconds. The schedule continues from there, but at most a second later,
   * so that rates below one per second do not start over with each new owner.
   */
  usedUntil(at: number): void {
    this.#startFrom(Math.max(this.#next, at + Math.min(this.#gapMs, SECOND_ON_ARRIVAL_MS) + this.#aheadMs));
  }

  /** When the next attempt may start: `now` or later. */
  readyAt(now: number): number {
    const at = this.#next - this.#aheadMs;
    // Further ahead than one attempt can have moved it: the clock was set back.
    if (at <= now || at - now > this.#gapMs + this.#aheadMs + 1) return now;
    return Math.ceil(at);
  }

  take(now: number): void {
    this.#next = this.#after(this.#next, now);
    this.#begun.push(now);
    if (this.#begun.length > REMEMBERED) this.#before = this.#after(this.#before, this.#begun.shift()!);
  }

  /**
   * The attempt that started then was not made: restores the schedule as if it had never started. Attempts that started after it keep their
   * place, so giving back an attempt that others have followed gains nothing.
   */
  giveBack(startedAt: number): void {
    const index = this.#begun.lastIndexOf(startedAt);
    if (index === -1) return;
    this.#begun.splice(index, 1);
    this.#next = this.#begun.reduce((next, at) => this.#after(next, at), this.#before);
  }

  #startFrom(next: number): void {
    this.#next = next;
    this.#before = next;
    this.#begun.length = 0;
  }

  /** The schedule after an attempt has started. */
  #after(next: number, now: number): number {
    // Further ahead than attempts can have moved it: the clock was set back.
    const from = next - now > this.#gapMs + 2 * this.#aheadMs + 1 ? now : Math.max(now, next);
    return from + this.#gapMs;
  }
}
