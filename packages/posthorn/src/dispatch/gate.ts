import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";

/** A bound on attempts in flight that several lanes share, and the lanes that wait for it, in turn. */
export class Gate {
  readonly #cap: number;
  readonly #waiting = new Fifo<Lane>();
  #inFlight = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isOpen(): boolean {
    return this.#inFlight < this.#cap;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#waiting.length === 0;
  }

  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
  }

  wait(lane: Lane): void {
    if (lane.waitsAt === this) return;
    lane.waitsAt = this;
    this.#waiting.push(lane);
  }

  /** The lane whose turn it is, when it may go. One that went another way meanwhile is passed by. */
  next(): Lane | undefined {
    while (this.isOpen) {
      const lane = this.#waiting.shift();
      if (lane === undefined) return undefined;
      if (lane.waitsAt !== this) continue;
      lane.waitsAt = null;
      return lane;
    }
    return undefined;
  }
}
