/** Detects hanging threads, for instance in an endless loop, because they do not answer pings. */
import type { PassingTime } from "../lib/clock.ts";

/** Interval of pings. */
const PING_MS = 5000;
/** Time without a response to pings after which a thread counts as hanging. */
const HANG_MS = 30_000;
/** The same for a starting thread, which loads and compiles code. */
const START_MS = 120_000;

export interface WatchedThread {
  /** Whether its node is not running yet. */
  readonly isStarting: boolean;
  /** Sends a ping. */
  ping(): void;
  /** Called once. */
  hangs(forMs: number): void;
}

/** Unanswered pings after which a thread counts as hung in checks of health. */
const HUNG_PINGS = 3;

export class Watchdog implements Disposable {
  readonly #time: Pick<PassingTime, "setTimer">;
  readonly #onRound: () => void;
  /**
   * Consecutive pings that each thread has not answered. Pings are counted instead of time, because time also passes without pings while the
   * main thread is busy or the machine sleeps.
   */
  readonly #unanswered = new Map<WatchedThread, number>();
  #cancelTimer: (() => void) | null = null;

  /** @param onRound Called after each round of pings. */
  constructor(time: Pick<PassingTime, "setTimer">, onRound: () => void = () => undefined) {
    this.#time = time;
    this.#onRound = onRound;
  }

  /** Whether a running thread has not responded for a while. */
  isHung(thread: WatchedThread): boolean {
    return !thread.isStarting && (this.#unanswered.get(thread) ?? 0) >= HUNG_PINGS;
  }

  watch(thread: WatchedThread): void {
    this.#unanswered.set(thread, 0);
    this.#cancelTimer ??= this.#time.setTimer(PING_MS, () => this.#pingAll());
  }

  /** The thread has sent something. */
  answered(thread: WatchedThread): void {
    if (this.#unanswered.has(thread)) this.#unanswered.set(thread, 0);
  }

  unwatch(thread: WatchedThread): void {
    this.#unanswered.delete(thread);
    if (this.#unanswered.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#unanswered.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #pingAll(): void {
    this.#cancelTimer = this.#time.setTimer(PING_MS, () => this.#pingAll());
    for (const [thread, unanswered] of this.#unanswered) {
      const forMs = unanswered * PING_MS;
      if (forMs < (thread.isStarting ? START_MS : HANG_MS)) {
        this.#unanswered.set(thread, unanswered + 1);
        thread.ping();
      } else {
        this.unwatch(thread);
        thread.hangs(forMs);
      }
    }
    this.#onRound();
  }
}
