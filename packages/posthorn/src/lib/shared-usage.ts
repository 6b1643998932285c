import type { Broadcast } from "./broadcast.ts";

/**
 * Tells the other threads of a process how much of a limit was used here, so that the limit applies to all of them together. The usage of one
 * turn of the event loop is sent at its end.
 */
export class SharedUsage<Key extends string | number> {
  readonly #broadcast: Broadcast | null;
  readonly #topic: string;
  #used = new Map<Key, number>();
  #sending = false;

  /**
   * @param topic The same in all threads.
   * @param apply Counts what was used in another thread.
   */
  constructor(broadcast: Broadcast | null, topic: string, apply: (key: Key, amount: number) => void) {
    this.#broadcast = broadcast;
    this.#topic = `usage ${topic}`;
    broadcast?.subscribe(this.#topic, (data) => {
      for (const [key, amount] of data as readonly [Key, number][]) apply(key, amount);
    });
  }

  /** Records usage in this thread. */
  note(key: Key, amount = 1): void {
    if (this.#broadcast === null) return;
    this.#used.set(key, (this.#used.get(key) ?? 0) + amount);
    if (this.#sending) return;
    this.#sending = true;
    setImmediate(() => this.#send());
  }

  #send(): void {
    this.#sending = false;
    const used = [...this.#used];
    this.#used.clear();
    this.#broadcast?.publish(this.#topic, used);
  }
}
