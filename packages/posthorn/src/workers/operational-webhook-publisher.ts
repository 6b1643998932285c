/** Publishes operational events as soon as they are committed. Only the leader publishes. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import { writeEvent } from "../domain/operational/announce.ts";
import { publishEvents } from "../domain/operational/publish.ts";
import type { Worker } from "./worker.ts";
import type { Announcer, OperationalEvent } from "../domain/operational/events.ts";
import type { Tx } from "../store/tx.ts";

export interface OperationalWebhookPublisherOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether this node publishes for the cluster. */
  readonly leads: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

/** Pause after a failure of the store. Announced events remain in the database. */
const PAUSE_MS = 2000;

export class OperationalWebhookPublisher implements Announcer, Worker {
  readonly name = "operational webhooks";
  readonly #options: OperationalWebhookPublisherOptions;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: OperationalWebhookPublisherOptions) {
    this.#options = options;
  }

  async announce(tx: Tx, event: OperationalEvent): Promise<void> {
    const written = await writeEvent(tx, event, this.#options.clock.now());
    if (written) tx.signal({ kind: "operational" });
  }

  wake(): void {
    if (this.#stopped || !this.#options.leads()) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#again) this.wake();
    });
  }

  /** Publishes pending events, because this node may have become the leader. */
  gained(): Promise<void> {
    this.wake();
    return Promise.resolve();
  }

  rescan(): void {
    this.wake();
  }

  /** Stops publishing. The next start finds the remaining events. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#again = false;
    this.#cancelTimer();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { services, clock, onFailure } = this.#options;
    while (this.#again && !this.#stopped && this.#options.leads()) {
      this.#again = false;
      this.#cancelTimer();
      try {
        const next = await publishEvents(services());
        if (next !== null) this.#sleepUntil(next);
      } catch (error) {
        onFailure(error);
        this.#sleepUntil(clock.now() + PAUSE_MS);
      }
    }
  }

  #sleepUntil(time: number): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const left = time - clock.now();
    if (left <= 0) this.#again = true;
    else this.#cancelTimer = clock.setTimer(left, () => this.wake());
  }
}
