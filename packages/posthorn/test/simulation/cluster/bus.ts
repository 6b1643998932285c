/** `LISTEN` and `NOTIFY` between the simulated nodes: what is told arrives later, in another order, or not at all. */
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";

/** How it is with what nodes tell each other. */
export interface BusWeather {
  /** Milliseconds that a notification takes at most. */
  readonly delayMs: number;
  /** Part of those outside of transactions that never arrive. */
  readonly loses: number;
}

export const CLEAR: BusWeather = { delayMs: 20, loses: 0 };

export interface Listener {
  readonly life: Life;
  /** Its connection is whole: what is told while it is not is not heard. */
  readonly hears: () => boolean;
  /** What is sent now arrives later, if the connection is still whole then. */
  readonly silent: () => boolean;
  readonly onMessage: (payload: string) => void;
}

export interface BusOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** What becomes of what is told; `null`: it gets lost. */
  readonly change?: (payload: string) => string | null;
}

/** What did not get through is sent again. */
const RESEND_MS = 200;

export class Bus {
  weather: BusWeather = CLEAR;
  readonly #options: BusOptions;
  readonly #listeners = new Set<Listener>();

  constructor(options: BusOptions) {
    this.#options = options;
  }

  listen(listener: Listener): void {
    this.#listeners.add(listener);
  }

  /** What a transaction tells with its commit: whoever hears at that moment is told. */
  committed(told: string): void {
    const { time, random, change } = this.#options;
    const payload = change === undefined ? told : change(told);
    if (payload === null) return;
    for (const listener of this.#listeners) {
      if (!listener.life.alive) this.#listeners.delete(listener);
      else if (listener.hears()) {
        time.after(listener.life, random.span(1, this.weather.delayMs), () => this.#arrive(listener, payload));
      }
    }
  }

  /** What is told outside of a transaction: nobody learns that it got lost. */
  told(payload: string): void {
    if (!this.#options.random.chance(this.weather.loses)) this.committed(payload);
  }

  /** With the connection goes what is still on its way. */
  #arrive(listener: Listener, payload: string): void {
    if (!listener.hears()) return;
    if (listener.silent()) this.#options.time.after(listener.life, RESEND_MS, () => this.#arrive(listener, payload));
    else listener.onMessage(payload);
  }
}
