/** Bounds the events of one connection that are being stored. A driver that waits here reads no further. */

const MAX_EVENTS = 256;
const MAX_BYTES = 8 * 1024 * 1024;

export class InFlight {
  #events = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /** Resolves with a function to be called when the events are stored. Events that exceed the bounds are admitted alone. */
  async enter(events: number, bytes: number, signal: AbortSignal): Promise<() => void> {
    while (this.#events > 0 && (this.#events + events > MAX_EVENTS || this.#bytes + bytes > MAX_BYTES)) {
      await this.#turn(signal);
    }
    signal.throwIfAborted();
    this.#events += events;
    this.#bytes += bytes;
    return () => {
      this.#events -= events;
      this.#bytes -= bytes;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== wake);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(wake);
    });
  }
}
