/** `LISTEN` and `NOTIFY` between the simulated nodes: notifications arrive late, in another order, or not at all. */
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";

/** Quality of the notifications between nodes. */
export interface BusConditions {
  /** Maximum delay of a notification, in milliseconds. */
  readonly delayMs: number;
  /** Share of notifications outside of transactions that never arrive. */
  readonly loses: number;
}

export const CLEAR: BusConditions = { delayMs: 20, loses: 0 };

export interface Listener {
  readonly life: Life;
  /** The connection is open. Notifications sent while it is not are lost. */
  readonly hears: () => boolean;
  /** A notification arrives later, if the connection is still open then. */
  readonly silent: () => boolean;
  readonly onMessage: (payload: string) => void;
}

export interface BusOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** The notification that arrives; `null`: it is lost. */
  readonly change?: (payload: string) => string | null;
}

/** Delay after which a notification that was not delivered is sent again. */
const RESEND_MS = 200;

export class Bus {
  conditions: BusConditions = CLEAR;
  readonly #options: BusOptions;
  readonly #listeners = new Set<Listener>();

  constructor(options: BusOptions) {
    this.#options = options;
  }

  listen(listener: Listener): void {
    this.#listeners.add(listener);
  }

  /** Notifications of a transaction, sent with its commit to every node that listens at that moment. */
  committed(told: string): void {
    const { time, random, change } = this.#options;
    const payload = change === undefined ? told : change(told);
    if (payload === null) return;
    for (const listener of this.#listeners) {
      if (!listener.life.alive) this.#listeners.delete(listener);
      else if (listener.hears()) {
        time.after(listener.life, random.span(1, this.conditions.delayMs), () => this.#arrive(listener, payload));
      }
    }
  }

  /** Notifications outside of a transaction, which may be lost silently. */
  told(payload: string): void {
    if (!this.#options.random.chance(this.conditions.loses)) this.committed(payload);
  }

  /** Notifications in transit are lost with the connection. */
  #arrive(listener: Listener, payload: string): void {
    if (!listener.hears()) return;
    if (listener.silent()) this.#options.time.after(listener.life, RESEND_MS, () => this.#arrive(listener, payload));
    else listener.onMessage(payload);
  }
}
