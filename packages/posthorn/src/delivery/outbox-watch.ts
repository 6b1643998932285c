/** Takes up what products publish within their transactions, as soon as these have committed. One of the nodes does it at a time. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { type NotTaken, takeUp } from "../domain/message/take-up.ts";

export interface OutboxWatchOptions {
  /** Asked for at each step, since the services hold what this tells. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether to look from time to time, though nothing was heard. */
  readonly looks: boolean;
  readonly onFailure: (error: unknown) => void;
  readonly onNotTaken: (row: NotTaken) => void;
}

/** A look at the whole outbox, whatever was heard: notices can be missed. */
const LOOK_MS = 5000;
/** After a failure of the store. */
const PAUSE_MS = 1000;

export class OutboxWatch implements AsyncDisposable {
  readonly #options: OutboxWatchOptions;
  /** The least key from which on there may be rows; `null`: nobody said that there are any. */
  #from: number | null = null;
  #running: Promise<void> | null = null;
  #stopped = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: OutboxWatchOptions) {
    this.#options = options;
  }

  /** There is, or may be, something from this key on. */
  wake(from = 0): void {
    if (this.#stopped) return;
    this.#from = Math.min(from, this.#from ?? from);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#from !== null) this.wake(this.#from);
    });
  }

  /** Takes up no more; what is left is found at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#from = null;
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#cancelTimer();
    let pause = this.#options.looks ? LOOK_MS : null;
    while (this.#from !== null && !this.#stopped) {
      const from = this.#from;
      this.#from = null;
      try {
        const failure = await this.#options.services().store.alone(() => this.#takeAll(from));
        if (failure !== null) throw failure;
      } catch (error) {
        this.#options.onFailure(error);
        pause = PAUSE_MS;
        break;
      }
    }
    if (!this.#stopped && pause !== null) this.#cancelTimer = this.#options.clock.setTimer(pause, () => this.wake());
  }

  /** Resolves with what kept the store from some of them; `null`: nothing did. */
  async #takeAll(from: number): Promise<unknown> {
    const { services, onNotTaken } = this.#options;
    let failure: unknown = null;
    for (let next: number | null = from; next !== null && !this.#stopped;) {
      const taken = await takeUp(services(), next);
      taken.notTaken.forEach(onNotTaken);
      failure ??= taken.failure;
      next = taken.next;
    }
    return failure;
  }
}
