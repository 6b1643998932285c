/** Attempts in flight of each process, by the limit they count against. */
import type { Run } from "./run.ts";

export class AttemptsInFlight {
  readonly #counts = new WeakMap<Run, Map<string, number>>();

  of(run: Run, name: string): number {
    return this.#counts.get(run)?.get(name) ?? 0;
  }

  /** Adds or removes one. Returns the current number. */
  count(run: Run, name: string, change: 1 | -1): number {
    const counts = this.#counts.get(run) ?? new Map<string, number>();
    this.#counts.set(run, counts);
    const count = (counts.get(name) ?? 0) + change;
    counts.set(name, count);
    return count;
  }
}
