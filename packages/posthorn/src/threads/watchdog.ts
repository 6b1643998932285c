/** Notices that a thread hangs, for instance in an endless loop: it answers no ping. */
import type { PassingTime } from "../lib/clock.ts";

/** Interval of pings. */
const PING_MS = 5000;
/** Time after which a thread that answers no ping counts as hanging. */
const HANG_MS = 30_000;
/** The same while it starts, when it loads and compiles code. */
const START_MS = 120_000;

export interface WatchedThread {
  /** Whether its node does not run yet. */
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
   * Pings in a row that each thread has not answered. They are counted, because time also passes without any pings while the main thread is
   * busy or the machine sleeps.
   */
  readonly #unanswered = new Map<WatchedThread, number>();
  #cancelTimer: (() => void) | null = null;

  /** @param onRound Called after each round of pings. */
  constructor(time: Pick<PassingTime, "setTimer">, onRound: () => void = () => undefined) {
    this.#time = time;
    this.#onRound = onRound;
  }

  /** Whether a thread that runs has not responded for a while. */
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
