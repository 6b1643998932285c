/** Evaluates alert rules and customer alerts. Only the leader runs it. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { Worker } from "./worker.ts";

export interface AlertMonitorOptions {
  readonly name: string;
  /** One round. A failure of one part is passed to `onFailure`, and does not prevent the evaluation of the others. */
  readonly evaluate: (services: Services, onFailure: (error: unknown) => void) => Promise<void>;
  /** Called at each round, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether this node evaluates alert rules for the cluster. */
  readonly leads: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

const ROUND_MS = 30_000;

export class AlertMonitor implements Worker {
  readonly name: string;
  readonly #options: AlertMonitorOptions;
  #running: Promise<void> | null = null;
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: AlertMonitorOptions) {
    this.#options = options;
    this.name = options.name;
  }

  started(): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#options.clock.setTimer(ROUND_MS, () => {
      this.#running = this.#round().finally(() => {
        this.#running = null;
        this.started();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  async #round(): Promise<void> {
    const { services, leads, evaluate, onFailure } = this.#options;
    if (!leads()) return;
    try {
      await evaluate(services(), onFailure);
    } catch (error) {
      onFailure(error);
    }
  }
}
