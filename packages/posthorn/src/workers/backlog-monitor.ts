/** Measures the backlog: warns when it grows large, and refuses messages while it exceeds `POSTHORN_MAX_BACKLOG`. */
import type { Clock } from "../dispatch/types.ts";
import { applicationsOver, measureBacklog, totalOf, type WaitingByApplication } from "../domain/backlog/measure.ts";
import type { Services } from "../domain/context.ts";
import type { BacklogSource } from "../domain/ports.ts";
import type { Worker } from "./worker.ts";

export interface BacklogMonitorOptions {
  readonly services: () => Services;
  readonly clock: Clock;
  /** Maximum deliveries in the backlog; 0: unlimited. */
  readonly max: number;
  /** Called when the backlog has passed `limit`, and when it is below it again. */
  readonly onChange: (backlog: { readonly waiting: number; readonly limit: number; readonly isOver: boolean }) => void;
  readonly onFailure: (error: unknown) => void;
}

/** If there is no maximum, a backlog of at least this size is reported. */
const WARN_FROM = 100_000;
const NONE: WaitingByApplication = new Map();
const CHECK_MS = 1000;
/** Interval if the backlog is only reported. */
const REPORT_MS = 30_000;
/** Messages are accepted again below this share of the maximum, to avoid alternating between refusals and bursts. */
const ACCEPT_BELOW = 0.9;

export class BacklogMonitor implements Worker, BacklogSource {
  readonly name = "backlog";
  readonly #options: BacklogMonitorOptions;
  readonly #limit: number;
  #isOver = false;
  #waiting = 0;
  /** Applications whose messages are refused. */
  #refused: ReadonlySet<number> = new Set();
  #running: Promise<void> | null = null;
  #cancelTimer: () => void = () => undefined;
  #stopped = false;

  constructor(options: BacklogMonitorOptions) {
    this.#options = options;
    this.#limit = options.max === 0 ? WARN_FROM : options.max;
  }

  isFullFor(appId: number): boolean {
    return this.#refused.has(appId);
  }

  /** Deliveries that were waiting at the last measurement. Per endpoint, little more than the limit is counted. */
  get waiting(): number {
    return this.#waiting;
  }

  started(): void {
    if (this.#stopped) return;
    const { clock, max } = this.#options;
    this.#cancelTimer = clock.setTimer(max === 0 ? REPORT_MS : CHECK_MS, () => {
      this.#running = this.check().finally(() => {
        this.#running = null;
        this.started();
      });
    });
  }

  /** Measures now. If that fails, the last result remains valid. */
  async check(): Promise<void> {
    const { services, onFailure } = this.#options;
    const { cluster, statistics } = services();
    // Without lanes, no deliveries are waiting, except on other nodes.
    if (cluster.alone && statistics.load().lanes === 0) return this.#update(NONE);
    try {
      this.#update(await measureBacklog(services(), this.#limit));
    } catch (error) {
      onFailure(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
  }

  #update(backlog: WaitingByApplication): void {
    const { max, onChange } = this.#options;
    const waiting = (this.#waiting = totalOf(backlog));
    const wasOver = this.#isOver;
    this.#isOver = waiting > (wasOver ? ACCEPT_BELOW * this.#limit : this.#limit);
    this.#refused = this.#isOver && max > 0 ? applicationsOver(backlog, ACCEPT_BELOW * max) : new Set();
    if (this.#isOver !== wasOver) onChange({ waiting, limit: this.#limit, isOver: this.#isOver });
  }
}
