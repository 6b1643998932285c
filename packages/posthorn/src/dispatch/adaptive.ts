/** How many attempts to an endpoint may be in flight: more while it takes them well, fewer when it fails or slows down. */

/** An endpoint that nothing is known of gets so many. */
const FIRST = 4;
const SHRINK = 0.7;
/** An answer within this time is never called slow, however quick the endpoint was before. */
const SLUGGISH_MS = 500;
/** Slow is so many times what was usual. */
const SLUGGISH_FACTOR = 4;
/** Weight of the newest duration in what is usual, and in what is recent. */
const USUAL = 0.05;
const RECENT = 0.3;
/** Endpoints that take longer than this share a part of the slots. */
const SLOW_MS = 1000;

/**
 * Additive increase and multiplicative decrease, as TCP does it: doubling up to the size at which there was trouble before, then one
 * more for each round of answers. It only grows while it is used to the full.
 */
export class AdaptiveWindow {
  #size = FIRST;
  #threshold = Number.POSITIVE_INFINITY;
  /** Attempts that were started before this say nothing new about trouble. */
  #shrunkAt = Number.NEGATIVE_INFINITY;
  #usualMs: number | null = null;
  #recentMs = 0;

  /** @param most What the policy allows. */
  limit(most: number): number {
    return Math.max(1, Math.min(most, Math.floor(this.#size)));
  }

  /** What an answer took lately, in milliseconds. */
  get recentMs(): number {
    return this.#recentMs;
  }

  /** Answers take so long that they must not have every slot. */
  get slow(): boolean {
    return this.#recentMs > SLOW_MS;
  }

  /** @param full Whether as many were in flight as may be. */
  succeeded(startedAt: number, now: number, full: boolean): void {
    const usual = this.#usualMs;
    const ms = this.#note(startedAt, now);
    if (usual !== null && ms > SLUGGISH_MS && ms > usual * SLUGGISH_FACTOR) this.#shrink(startedAt, now);
    else if (full) this.#size += this.#size < this.#threshold ? 1 : 1 / this.#size;
  }

  /** It failed in a way that more load would not make better. */
  failed(startedAt: number, now: number): void {
    this.#note(startedAt, now);
    this.#shrink(startedAt, now);
  }

  /** Begins with one at a time, and doubles: somebody else sees to it that this is not too fast. */
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
    this.#usualMs = this.#usualMs === null ? ms : this.#usualMs + USUAL * (ms - this.#usualMs);
    this.#recentMs = this.#recentMs === 0 ? ms : this.#recentMs + RECENT * (ms - this.#recentMs);
    return ms;
  }
}

/** Whether an attempt that has no answer yet takes so long that its endpoint counts as slow. */
export function hangs(startedAt: number, now: number): boolean {
  return now - startedAt > SLOW_MS;
}
