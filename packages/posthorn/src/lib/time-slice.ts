/** Splits long work on the main thread into slices, so that the event loop can serve other work in between. */

/** Length of a slice: much shorter than an acceptable delay of a request, and much longer than the overhead of an event loop iteration. */
const SLICE_MS = 5;

let lastRound: Promise<void> = Promise.resolve();

/** Resolves in a later iteration of the event loop. Each caller gets its own, so that at most one slice runs per iteration. */
export function nextRound(): Promise<void> {
  lastRound = lastRound.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastRound;
}

/** Time budget of long work. Between two steps: `if (slice.isOver) await slice.next();` */
export class TimeSlice {
  readonly #ms: number;
  #until: number;

  constructor(ms: number = SLICE_MS) {
    this.#ms = ms;
    this.#until = performance.now() + ms;
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Yields to the event loop, then starts a new slice. */
  async next(): Promise<void> {
    await nextRound();
    this.#until = performance.now() + this.#ms;
  }
}
