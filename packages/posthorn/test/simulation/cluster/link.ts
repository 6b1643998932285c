/** The connection that a node keeps for itself, as `Link` does: it hears on it, and says on it that it is there. */
import { StoreError } from "../../../src/store/errors.ts";
import type { Random } from "../random.ts";
import type { Life, VirtualTime } from "../virtual-time.ts";

/** As in `store/postgres/link.ts`. */
const RETRY_MS = 500;
const ANSWER_MS = 2000;

export interface LinkWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  /** Of the process. */
  readonly life: Life;
  /** Of what it has asked the database, which goes on while the process stands still. */
  readonly serverLife: Life;
  /** How it is with the way to the database. */
  readonly way: () => WayWeather;
}

export interface WayWeather {
  /** Milliseconds that a statement takes at least, and at most. */
  readonly latency: readonly [number, number];
  /** Part of what is asked that is refused. */
  readonly refuses: number;
  /** Part of what is done whose answer is lost. */
  readonly loses: number;
  /** Nothing goes through, either way, and nobody is told so. */
  readonly silent: boolean;
}

/** Does something at the database, and answers. */
export function ask<T>({ time, random, life, serverLife, way }: LinkWorld, work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(unavailable());
    const answer = (ms: number, then: () => void): void => void time.after(serverLife, ms, () => time.tell(life, then));
    const [least, most] = way().latency;
    if (way().silent) return answer(ANSWER_MS, fail);
    time.after(serverLife, random.span(10 * least, 10 * most) / 10, () => {
      const { refuses, loses, silent } = way();
      if (silent || random.chance(refuses)) return answer(silent ? ANSWER_MS : 0, fail);
      const lost = random.chance(loses);
      try {
        const result = work();
        answer(lost ? ANSWER_MS : least, lost ? fail : () => resolve(result));
      } catch (error) {
        answer(least, () => reject(error));
      }
    });
  });
}

export class SimulatedLink {
  readonly #world: LinkWorld;
  readonly #onHearing: (hears: boolean) => void;
  #open = true;
  /** One question at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(world: LinkWorld, onHearing: (hears: boolean) => void) {
    this.#world = world;
    this.#onHearing = onHearing;
  }

  /** It is not given up. */
  get hears(): boolean {
    return this.#open;
  }

  /** Asks on this connection. One that does not answer is given up, and opened again. */
  query<T>(work: () => T): Promise<T> {
    const answer = this.#turn.then(() => this.#ask(work));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #ask<T>(work: () => T): Promise<T> {
    if (!this.#open) throw unavailable();
    try {
      return await ask(this.#world, work);
    } catch (error) {
      this.#giveUp();
      throw error;
    }
  }

  #giveUp(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onHearing(false);
    this.#openLater();
  }

  #openLater(): void {
    const { time, life, way } = this.#world;
    time.after(life, RETRY_MS, () => {
      if (way().silent) return this.#openLater();
      this.#open = true;
      this.#onHearing(true);
    });
  }
}

export function unavailable(): StoreError {
  return new StoreError("storage_unavailable", "PostgreSQL does not answer; trying again.");
}
