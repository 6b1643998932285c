/** Monitors sources: counts received events, finds inactive sources, and starts due backfill runs. */
import type { Services } from "../domain/context.ts";
import { startDueBackfills } from "../domain/backfill/run.ts";
import { recordArrivals } from "../domain/activity/record.ts";
import { findInactive, recordUptime } from "../domain/activity/find-inactive.ts";
import { HOUR_MS } from "../activity/activity.ts";
import type { Worker } from "./worker.ts";

export interface SourceMonitorOptions {
  readonly services: () => Services;
  /** Calls back once after `ms`. Returns a function that cancels the timer. */
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  /** Whether this node checks sources for the cluster. Every node counts the events that it receives. */
  readonly leads: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

interface Arriving {
  readonly firstAt: number;
  lastAt: number;
  readonly hours: Map<number, number>;
}

const ROUND_MS = 30_000;
/** Maximum sources counted in one round. */
const MAX_SOURCES = 50_000;

export class SourceMonitor implements Worker {
  readonly name = "source activity";
  readonly #options: SourceMonitorOptions;
  #arriving = new Map<number, Arriving>();
  #running: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: SourceMonitorOptions) {
    this.#options = options;
  }

  /** Starts the periodic checks. Events are counted from construction on. */
  started(): void {
    this.#running = this.#round().finally(() => this.#later());
  }

  /** Called when an event of a source was stored. */
  received(sourceKey: number, at: number): void {
    const known = this.#arriving.get(sourceKey);
    const hour = Math.floor(at / HOUR_MS);
    if (known === undefined) {
      if (this.#arriving.size >= MAX_SOURCES) return;
      this.#arriving.set(sourceKey, { firstAt: at, lastAt: at, hours: new Map([[hour, 1]]) });
      return;
    }
    known.lastAt = Math.max(known.lastAt, at);
    known.hours.set(hour, (known.hours.get(hour) ?? 0) + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
    await this.#attempt(async (services) => this.#record(services, await recordUptime(services)));
  }

  #later(): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#options.setTimer(ROUND_MS, () => this.started());
  }

  #round(): Promise<void> {
    return this.#attempt(async (services) => {
      const upSince = await recordUptime(services);
      await this.#record(services, upSince);
      if (!this.#options.leads()) return;
      await findInactive(services, upSince);
      await startDueBackfills(services);
    });
  }

  async #record(services: Services, upSince: number): Promise<void> {
    const arriving = this.#arriving;
    this.#arriving = new Map();
    for (const [sourceKey, arrivals] of arriving) {
      await this.#attempt(() => recordArrivals(services, sourceKey, arrivals, upSince));
    }
  }

  async #attempt(work: (services: Services) => Promise<void>): Promise<void> {
    try {
      await work(this.#options.services());
    } catch (error) {
      this.#options.onFailure(error);
    }
  }
}
