/** Limit on concurrent attempts to an endpoint: rises while the endpoint keeps up, falls when it fails or slows down. */

/** Limit of an endpoint without history. */
const FIRST = 4;
const SHRINK = 0.7;
/** A response within this time is never judged slow, however fast the endpoint was before. */
const SLUGGISH_MS = 500;
/** A response is slow when it takes this many times the usual duration. */
const SLUGGISH_FACTOR = 4;
/** Weight of the newest duration in the recent one. */
const RECENT = 0.3;
/** The usual duration of a new endpoint is the mean of its first responses, and none of these is judged slow. */
const LEARNED_FROM = 5;
/** Weight of the newest response in the usual duration after that. */
const USUAL = 0.05;
/** Time in which the usual duration may double at most. */
const DOUBLING_MS = 3_600_000;
/** Of a longer pause between two responses, only this much counts towards a rise. */
const MAX_STEP_MS = 60_000;
/** Endpoints that take longer than this share the limit for slow endpoints. */
const SLOW_MS = 1000;

/**
 * Additive increase and multiplicative decrease, as in TCP: the limit doubles up to the size at which there was trouble before, then grows
 * by one for each round of responses. It grows only while it is fully used.
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
  /** Attempts that started before this belong to trouble that was already counted. */
  #shrunkAt = Number.NEGATIVE_INFINITY;
  readonly #usual = new UsualDuration();
  #recentMs = 0;

  /** @param most What the policy allows. The window never grows beyond it, so that a lower policy takes effect at once. */
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

  /** Starts again with one attempt at a time and doubles. The slow start limits the rate meanwhile. */
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
    // The floor lets a duration of nothing, as of a receiver in the same process, rise at all.
    this.#ms = Math.min(average, Math.max(1, this.#ms) * 2 ** (step / DOUBLING_MS));
  }
}

/** Whether an attempt without a response has taken so long that its endpoint counts as slow. */
export function isHanging(startedAt: number, now: number): boolean {
  return now - startedAt > SLOW_MS;
}
