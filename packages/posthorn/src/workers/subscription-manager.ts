/**
 * Settles requests at the WebSub hub, and ends subscriptions that have expired, whose receiver responded with 410 Gone, or
 * whose principal lost its access. Only the leader runs it. It is idle while there are no requests or leases.
 */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import {
  endExpired,
  type EndedSubscription,
  type EndOptions,
  endGone,
  endRevoked,
} from "../domain/subscription/end.ts";
import { announceTo, Terminations } from "../domain/subscription/terminations.ts";
import { deleteOldFailures, dueRequests, nextDue } from "../domain/websub/pending.ts";
import { settleRequest } from "../domain/websub/settle.ts";
import type { Signal } from "../store/signal.ts";
import type { Worker } from "./worker.ts";

export interface SubscriptionManagerOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Pick<Clock, "now" | "setTimer">;
  /** Whether this node runs it for the cluster. */
  readonly leads: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

/** Callbacks called at the same time. A slow one occupies its place for up to ten seconds. */
const CONCURRENT = 32;
/** Callbacks of one host called at the same time. */
const CONCURRENT_AT_HOST = 4;
/** Pause after a failure of the store. */
const PAUSE_MS = 2000;
/** Maximum time between two scans, in case a signal was lost. */
const MAX_SLEEP_MS = 60_000;

export class SubscriptionManager implements Worker {
  readonly name = "subscriptions";
  readonly #options: SubscriptionManagerOptions;
  readonly #stopping = new AbortController();
  /** Requests whose callback is being called, with their hosts. */
  readonly #calls = new Map<number, { readonly host: string; readonly done: Promise<void> }>();
  readonly #terminations: Terminations;
  #running: Promise<void> | null = null;
  #again = false;
  /** When the access of the principals was last checked. */
  #checkedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;

  constructor(options: SubscriptionManagerOptions) {
    this.#options = options;
    const announce = (ended: EndedSubscription, signal: AbortSignal) => announceTo(options.services(), ended, signal);
    this.#terminations = new Terminations({ announce, onFailure: options.onFailure });
  }

  gained(): Promise<void> {
    this.#wake();
    return Promise.resolve();
  }

  rescan(): void {
    this.#wake();
  }

  notified({ kind }: Signal): void {
    if (kind === "tokens") this.#checkedAt = Number.NEGATIVE_INFINITY;
    if (kind === "subscriptions" || kind === "tokens") this.#wake();
  }

  /** Aborts running calls; their requests remain stored. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await this.#terminations[Symbol.asyncDispose]();
    await this.#running;
    await Promise.all([...this.#calls.values()].map(({ done }) => done));
  }

  #wake(): void {
    if (this.#stopping.signal.aborted || !this.#options.leads()) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#again) this.#wake();
    });
  }

  async #run(): Promise<void> {
    const { services, clock, leads, onFailure } = this.#options;
    const { signal } = this.#stopping;
    while (this.#again && !signal.aborted && leads()) {
      this.#again = false;
      this.#cancelTimer();
      try {
        const known = services();
        await endGone(known, this.#ending);
        await this.#endRevoked(known);
        const lease = await endExpired(known, signal);
        await deleteOldFailures(known);
        await this.#start(known);
        this.#sleepUntil(earliest(lease, await nextDue(known)));
      } catch (error) {
        onFailure(error);
        this.#sleepUntil(clock.now() + PAUSE_MS);
      }
    }
  }

  /** Changes of access other than revocations, such as role changes, send no signal. They are found within a minute. */
  async #endRevoked(services: Services): Promise<void> {
    const now = this.#options.clock.now();
    // A clock that was set back must not delay it.
    if (now >= this.#checkedAt && now - this.#checkedAt < MAX_SLEEP_MS) return;
    this.#checkedAt = now;
    await endRevoked(services, this.#ending);
  }

  get #ending(): EndOptions {
    return { signal: this.#stopping.signal, onEnded: (ended) => this.#terminations.add(ended) };
  }

  async #start(services: Services): Promise<void> {
    const room = CONCURRENT - this.#calls.size;
    if (room <= 0) return;
    // Running requests are still due, so they are read again.
    for (const row of await dueRequests(services, CONCURRENT + this.#calls.size)) {
      if (this.#calls.size >= CONCURRENT) return;
      const atHost = [...this.#calls.values()].filter(({ host }) => host === row.host).length;
      if (this.#calls.has(row.id) || atHost >= CONCURRENT_AT_HOST) continue;
      this.#calls.set(row.id, { host: row.host, done: this.#settle(services, row) });
    }
  }

  async #settle(services: Services, row: Parameters<typeof settleRequest>[1]): Promise<void> {
    const { clock, onFailure } = this.#options;
    try {
      await settleRequest(services, row, this.#stopping.signal);
      this.#calls.delete(row.id);
      this.#wake();
    } catch (error) {
      onFailure(error);
      this.#calls.delete(row.id);
      this.#sleepUntil(clock.now() + PAUSE_MS);
    }
  }

  #sleepUntil(time: number | null): void {
    const { clock } = this.#options;
    if (this.#stopping.signal.aborted || time === null) return;
    // A request whose callback is being called is due. Its end wakes the worker.
    const left = Math.min(MAX_SLEEP_MS, Math.max(this.#calls.size > 0 ? PAUSE_MS : 0, time - clock.now()));
    this.#cancelTimer();
    this.#cancelTimer = clock.setTimer(left, () => this.#wake());
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
