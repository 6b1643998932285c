/** Keeps the deliveries of this node paused after a restore, until an operator resumes them. */
import type { LaneOwners } from "../dispatch/types.ts";
import { type PausedDeliveries, readDeliveryPause } from "../store/delivery-pause.ts";
import type { Signal } from "../store/signal.ts";
import type { Store } from "../store/store.ts";
import type { Worker } from "../workers/worker.ts";

export interface DeliveryPauseOptions {
  readonly store: Pick<Store, "db">;
  readonly onFailure: (error: unknown) => void;
}

/** Deliveries are only paused while no node runs, so a node that has started can only see the end of the pause. */
export class DeliveryPause implements Worker {
  readonly name = "delivery pause";
  /** Called once deliveries may start. */
  onResumed: () => void = () => undefined;
  readonly #options: DeliveryPauseOptions;
  #current: PausedDeliveries | null;
  #reading: Promise<void> | null = null;
  #again = false;

  private constructor(options: DeliveryPauseOptions, current: PausedDeliveries | null) {
    this.#options = options;
    this.#current = current;
  }

  static async load(options: DeliveryPauseOptions): Promise<DeliveryPause> {
    return new DeliveryPause(options, await readDeliveryPause(options.store.db));
  }

  /** `null`: deliveries are not paused. */
  get current(): PausedDeliveries | null {
    return this.#current;
  }

  /** Grants no lease during the pause, so that no attempt starts. */
  owners(cluster: LaneOwners): LaneOwners {
    // A pause never begins later.
    if (this.#current === null) return cluster;
    return {
      get alone() {
        return cluster.alone;
      },
      owns: (endpointId) => cluster.owns(endpointId),
      lease: (endpointId) => (this.#current === null ? cluster.lease(endpointId) : null),
      holds: (lease) => cluster.holds(lease),
    };
  }

  notified(signal: Signal): void {
    if (signal.kind === "resumed") this.rescan();
  }

  rescan(): void {
    if (this.#current === null) return;
    // A read that has begun may have missed the change that caused this call.
    this.#again = true;
    this.#reading ??= this.#read()
      .catch((error: unknown) => this.#options.onFailure(error))
      .finally(() => (this.#reading = null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#again && this.#current !== null) {
      this.#again = false;
      this.#current = await readDeliveryPause(this.#options.store.db);
    }
    if (this.#current === null) this.onResumed();
  }
}
