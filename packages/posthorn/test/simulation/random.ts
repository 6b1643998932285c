/** Reproducible random numbers: the same seed gives the same numbers. */

/** A stream of numbers (mulberry32). Streams with different names are independent of each other. */
export class Random {
  #state: number;

  /** @param name Keeps streams of one seed apart, so that a new use of one does not shift the others. */
  constructor(seed: number, name: string) {
    let state = seed >>> 0;
    for (let index = 0; index < name.length; index++) state = Math.imul(state ^ name.charCodeAt(index), 0x9e3779b1);
    this.#state = state;
  }

  /** Returns a number from 0 to below 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Returns an integer from `least` to `most`, inclusive. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Returns a number between two others, with each order of magnitude equally likely. */
  span(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.next());
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }
}
