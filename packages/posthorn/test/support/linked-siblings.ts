/** Several stores in one thread that behave as those of the threads of a process. */
import type { Signal } from "../../src/store/signal.ts";
import type { Siblings } from "../../src/store/siblings.ts";

/** The others apply the signals of one a turn of the event loop later. */
export class LinkedSiblings implements Siblings {
  readonly process = "test";
  readonly #group: Set<LinkedSiblings>;
  #onSignals: (signals: readonly Signal[]) => void = () => undefined;
  #pending: () => Promise<void> = () => Promise.resolve();

  /** @param first One of those that it is linked to; absent: it is the first. */
  constructor(first?: LinkedSiblings) {
    this.#group = first === undefined ? new Set() : first.#group;
    this.#group.add(this);
  }

  get count(): number {
    return this.#group.size - 1;
  }

  get isAlone(): boolean {
    return this.count === 0;
  }

  async tell(signals: readonly Signal[]): Promise<void> {
    await new Promise(setImmediate);
    for (const other of this.#others) other.#onSignals(structuredClone(signals));
  }

  send(signals: readonly Signal[]): void {
    void this.tell(signals);
  }

  async catchUp(): Promise<void> {
    await Promise.all(this.#others.map((other) => other.#pending()));
  }

  onSignals(listener: (signals: readonly Signal[]) => void): void {
    this.#onSignals = listener;
  }

  onCatchUp(pending: () => Promise<void>): void {
    this.#pending = pending;
  }

  onLost(): void {}

  /** Ends like the thread. */
  leave(): void {
    this.#group.delete(this);
  }

  get #others(): readonly LinkedSiblings[] {
    return [...this.#group].filter((other) => other !== this);
  }
}
