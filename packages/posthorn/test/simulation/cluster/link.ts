/** The dedicated connection of a node, as in the store: it receives notifications and renews its lease on it. */
import { StoreError } from "../../../src/store/errors.ts";
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";

/** As in `store/postgres/link.ts`. */
const RETRY_MS = 500;
const RESPONSE_MS = 2000;

export interface LinkWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Owner of the events of the process. */
  readonly life: Life;
  /** Owner of its requests in the database, which continue while the process is frozen. */
  readonly serverLife: Life;
  /** State of the network to the database. */
  readonly way: () => WayWeather;
}

export interface WayWeather {
  /** Minimum and maximum duration of a statement, in milliseconds. */
  readonly latency: readonly [number, number];
  /** Share of statements that are rejected. */
  readonly refuses: number;
  /** Share of executed statements whose response is lost. */
  readonly loses: number;
  /** Nothing passes in either direction, without an error. */
  readonly silent: boolean;
}

/** Executes a statement and returns its result. */
export function ask<T>({ time, random, life, serverLife, way }: LinkWorld, work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(unavailable());
    const respond = (ms: number, then: () => void): void =>
      void time.after(serverLife, ms, () => time.tell(life, then));
    const [least, most] = way().latency;
    if (way().silent) return respond(RESPONSE_MS, fail);
    time.after(serverLife, random.span(10 * least, 10 * most) / 10, () => {
      const { refuses, loses, silent } = way();
      if (silent || random.chance(refuses)) return respond(silent ? RESPONSE_MS : 0, fail);
      const lost = random.chance(loses);
      try {
        const result = work();
        respond(lost ? RESPONSE_MS : least, lost ? fail : () => resolve(result));
      } catch (error) {
        respond(least, () => reject(error));
      }
    });
  });
}

export class SimulatedLink {
  readonly #world: LinkWorld;
  readonly #onNotificationState: (up: boolean) => void;
  #open = true;
  /** One statement at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: LinkWorld, onNotificationState: (up: boolean) => void) {
    this.#world = world;
    this.#onNotificationState = onNotificationState;
  }

  /** The connection is in use. */
  get hears(): boolean {
    return this.#open;
  }

  /** Sends a statement on this connection. A connection without a response is dropped and opened again. */
  query<T>(work: () => T): Promise<T> {
    const result = this.#turn.then(() => this.#ask(work));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #ask<T>(work: () => T): Promise<T> {
    if (!this.#open) throw unavailable();
    try {
      return await ask(this.#world, work);
    } catch (error) {
      this.#disconnect();
      throw error;
    }
  }

  #disconnect(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onNotificationState(false);
    this.#openLater();
  }

  #openLater(): void {
    const { time, life, way } = this.#world;
    time.after(life, RETRY_MS, () => {
      if (way().silent) return this.#openLater();
      this.#open = true;
      this.#onNotificationState(true);
    });
  }
}

export function unavailable(): StoreError {
  return new StoreError("storage_unavailable", "PostgreSQL does not respond; trying again.");
}
