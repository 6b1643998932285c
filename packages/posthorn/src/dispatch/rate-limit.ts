/** Holds attempts to a rate. */

/** Part of a second's attempts that may start together, so that timers of a millisecond keep up with high rates. */
const BURST = 0.05;
/** A second as the receiver sees it: what is slow on its way there arrives together with what started so much later. */
export const SECOND_ON_ARRIVAL_MS = 1025;
/** So many attempts that were begun last can be given back; what began before them has long shaped the schedule. */
const REMEMBERED = 64;

/**
 * So many attempts a second, evenly spaced, and never more than that in any second. A fraction is fine: 0.5 is one every two seconds.
 *
 * The generic cell rate algorithm: one number, the time at which the next attempt would be on schedule. Small bursts run ahead of it;
 * the schedule is that much slower, so that burst and schedule together stay within the rate.
 */
export class RateLimit {
  readonly perSecond: number;
  readonly #gapMs: number;
  readonly #aheadMs: number;
  #next: number;
  /** When the last attempts began, the oldest first, and what `#next` was before them. */
  readonly #begun: number[] = [];
  #before: number;

  /**
   * @param from Unix milliseconds from which the schedule runs.
   * @param secondMs The time that has no more than `perSecond`.
   */
  constructor(perSecond: number, from: number, secondMs = 1000) {
    const burst = Math.max(1, Math.floor(perSecond * BURST));
    this.perSecond = perSecond;
    this.#gapMs = secondMs / (perSecond - (burst - 1));
    this.#aheadMs = (burst - 1) * this.#gapMs;
    this.#next = from;
    this.#before = from;
  }

  /** Another rate from now on. What was last begun under this one counts, so that nobody gets more in a second by a change. */
  changed(perSecond: number, now: number, secondMs = 1000): RateLimit {
    const limit = new RateLimit(perSecond, now, secondMs);
    const next = this.#next - this.#gapMs + limit.#gapMs;
    // Further ahead than attempts can have put it: the clock was set back meanwhile.
    if (next > now && next - now <= limit.#gapMs + this.#aheadMs + 1) limit.#startFrom(next);
    return limit;
  }

  /**
   * Somebody else may have used all that it allows until `at`, Unix milliseconds: goes on from there, a second later at most, so that
   * what is rarer than once a second does not wait for each new owner.
   */
  usedUntil(at: number): void {
    this.#startFrom(Math.max(this.#next, at + Math.min(this.#gapMs, SECOND_ON_ARRIVAL_MS) + this.#aheadMs));
  }

  /** When the next attempt may start: `now` or later. */
  readyAt(now: number): number {
    const at = this.#next - this.#aheadMs;
    // Further ahead than one attempt can have put it: the clock was set back meanwhile.
    if (at <= now || at - now > this.#gapMs + this.#aheadMs + 1) return now;
    return Math.ceil(at);
  }

  take(now: number): void {
    this.#next = this.#after(this.#next, now);
    this.#begun.push(now);
    if (this.#begun.length > REMEMBERED) this.#before = this.#after(this.#before, this.#begun.shift()!);
  }

  /**
   * The attempt that began then was not made after all: the schedule is as if it had never begun. What began after it keeps its place, so
   * nothing is gained by the end of one that others have followed.
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

  /** The schedule once an attempt has begun. */
  #after(next: number, now: number): number {
    // Further ahead than attempts can have put it: the clock was set back meanwhile.
    const from = next - now > this.#gapMs + 2 * this.#aheadMs + 1 ? now : Math.max(now, next);
    return from + this.#gapMs;
  }
}
