/** Relays messages that applications publish in their own transactions, as soon as these commit. Only one node relays at a time. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { hasOutboxRows, type ParkedRow, relayOutbox } from "../domain/message/relay-outbox.ts";
import type { Signal } from "../store/signal.ts";
import type { Worker } from "./worker.ts";

export interface OutboxRelayOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether to scan the whole outbox periodically, in case a notification was missed. */
  readonly looks: boolean;
  readonly onFailure: (error: unknown) => void;
  readonly onParked: (row: ParkedRow) => void;
}

/** Interval between scans of the whole outbox. A notification can be missed even while others arrive. */
const SCAN_MS = 5000;
/** Pause after a failure of the store. */
const FAILURE_PAUSE_MS = 1000;
/** Pause while another node relays, in case that node crashes before it is done. */
const BUSY_PAUSE_MS = 250;

/**
 * Follows the outbox from the lowest key that may still have a row. Every node receives every notification, and drops a key only after it
 * has held the lock and read from that key, even if another node relayed the row. Its first read starts at key 0. Rows left by a crashed
 * node, or published before this node received notifications, are therefore relayed before rows that were published later.
 */
export class OutboxRelay implements Worker {
  readonly name = "outbox relay";
  readonly #options: OutboxRelayOptions;
  /**
   * The lowest key that may still have a row; `null`: all announced rows are relayed. At first every key may: notifications arrive before
   * `started`, and those of earlier rows were missed.
   */
  #from: number | null = 0;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** Cancels the pause after an incomplete read; `null`: there is none. */
  #cancelPause: (() => void) | null = null;
  /** Cancels the next scan; `null`: none is scheduled. */
  #cancelScan: (() => void) | null = null;
  #scanning: Promise<void> | null = null;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  started(): void {
    this.wake();
  }

  rescan(): void {
    this.wake();
  }

  notified(signal: Signal): void {
    if (signal.kind === "outbox") this.wake(signal.from);
  }

  /** Reads the outbox from this key on. */
  wake(from = 0): void {
    if (this.#stopped) return;
    this.#from = Math.min(from, this.#from ?? from);
    this.#scanLater();
    this.#begin();
  }

  /** Stops relaying. The next start finds the remaining rows. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelPause?.();
    this.#cancelScan?.();
    await this.#scanning;
    await this.#running;
  }

  #begin(): void {
    if (this.#stopped || this.#from === null || this.#cancelPause !== null) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      this.#begin();
    });
  }

  async #run(): Promise<void> {
    while (this.#from !== null && !this.#stopped) {
      const from = this.#from;
      this.#from = null;
      const pauseMs = await this.#look(from);
      if (pauseMs === null) continue;
      this.#from = Math.min(from, this.#from ?? from);
      if (!this.#stopped) this.#pause(pauseMs);
      return;
    }
  }

  /** Relays the rows from a key on. Resolves with the pause before the next try for the same rows; `null`: all are relayed. */
  async #look(from: number): Promise<number | null> {
    try {
      const looked = await this.#options.services().store.alone(async () => ({ failure: await this.#takeAll(from) }));
      if (looked === null) return BUSY_PAUSE_MS;
      if (looked.failure !== null) throw looked.failure;
      return null;
    } catch (error) {
      this.#options.onFailure(error);
      return FAILURE_PAUSE_MS;
    }
  }

  /** Relays all rows from a key on. Resolves with the failure that prevented some of them; `null`: there was none. */
  async #takeAll(from: number): Promise<unknown> {
    const { services, onParked } = this.#options;
    const lowestHeard = (): number => this.#from ?? Number.POSITIVE_INFINITY;
    for (let next: number | null = from; next !== null && !this.#stopped;) {
      const taken = await relayOutbox(services(), Math.min(next, lowestHeard()), lowestHeard);
      taken.parked.forEach(onParked);
      // Later rows must not overtake one that could not be stored.
      if (taken.failure !== null) return taken.failure;
      next = taken.next;
    }
    return null;
  }

  #pause(ms: number): void {
    this.#cancelPause = this.#options.clock.setTimer(ms, () => {
      this.#cancelPause = null;
      this.#begin();
    });
  }

  /** Schedules the next scan unless one is scheduled, so that arriving notifications do not postpone it. */
  #scanLater(): void {
    if (!this.#options.looks) return;
    this.#cancelScan ??= this.#options.clock.setTimer(SCAN_MS, () => {
      this.#cancelScan = null;
      this.#scanning = this.#scan().finally(() => (this.#scanning = null));
    });
  }

  /** Takes the lock only if there are rows: a scan usually finds none. */
  async #scan(): Promise<void> {
    // If the database cannot tell, the relay fails too, and reports it.
    const isEmpty = await hasOutboxRows(this.#options.services()).then(
      (has) => !has,
      () => false,
    );
    if (this.#stopped) return;
    if (isEmpty) this.#scanLater();
    else this.wake();
  }
}
