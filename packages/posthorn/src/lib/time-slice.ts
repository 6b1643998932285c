/** Cuts long work on the main thread into slices, between which the event loop serves everything else. */

/** Milliseconds of a slice: far less than a request may wait, far more than a round of the event loop costs. */
const SLICE_MS = 5;

let lastRound: Promise<void> = Promise.resolve();

/** Resolves in a later round of the event loop. Callers get a round each, so that however many there are, one slice runs in a round. */
function nextRound(): Promise<void> {
  lastRound = lastRound.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastRound;
}

/** Time that a piece of long work has used. Between two steps: `if (slice.isOver) await slice.next();` */
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

  /** Lets the event loop run, then begins a new slice. */
  async next(): Promise<void> {
    await nextRound();
    this.#until = performance.now() + this.#ms;
  }
}
