/**
 * The horizon of feeds on this node, and readers that wait for new messages.
 *
 * All waiting readers share one look-up per interval, which finds the applications with new messages; only their readers read again.
 * Without a waiting reader nothing is looked up.
 */
import { type Kysely, sql } from "kysely";
import type { Clock } from "../../dispatch/types.ts";
import type { Database } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import type { FeedSource } from "../ports.ts";

/** The horizon is looked up at most this often. */
const FRESH_MS = 50;
const INTERVAL_MS = 100;
/** After a failed look-up. */
const PAUSE_MS = 1000;
/** With more applications than this, every reader reads again. */
const MAX_APPLICATIONS = 1000;

export interface FeedWatchOptions {
  readonly store: () => Pick<Store, "feedHorizon" | "db">;
  /** Key up to which the messages of this node are settled. */
  readonly settled: () => number;
  readonly clock: Pick<Clock, "now" | "setTimer">;
  readonly onFailure: (error: unknown) => void;
}

interface Waiter {
  readonly appKey: number;
  readonly wake: () => void;
}

export class FeedWatch implements FeedSource, AsyncDisposable {
  readonly #options: FeedWatchOptions;
  readonly #waiters = new Set<Waiter>();
  #horizon = 0;
  /** Key up to which readers were woken for new messages. */
  #wokenUpTo = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<number> | null = null;
  #cancelTimer: (() => void) | null = null;
  #ticking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FeedWatchOptions) {
    this.#options = options;
  }

  get known(): number {
    return this.#horizon;
  }

  horizon(): Promise<number> {
    const now = performance.now();
    if (now - this.#lookedAt < FRESH_MS) return Promise.resolve(this.#horizon);
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async wait(
    appKey: number,
    { after, signal }: { readonly after: number; readonly signal: AbortSignal },
  ): Promise<void> {
    if (signal.aborted || this.#closed) return;
    await new Promise<void>((resolve) => {
      const waiter: Waiter = {
        appKey,
        wake: () => {
          this.#waiters.delete(waiter);
          signal.removeEventListener("abort", waiter.wake);
          resolve();
        },
      };
      this.#wokenUpTo = this.#waiters.size === 0 ? after : Math.min(this.#wokenUpTo, after);
      this.#waiters.add(waiter);
      signal.addEventListener("abort", waiter.wake, { once: true });
      this.#schedule(INTERVAL_MS);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const waiter of this.#waiters) waiter.wake();
    await this.#ticking;
    await this.#looking?.catch(() => undefined);
  }

  async #look(): Promise<number> {
    const { store, settled } = this.#options;
    const horizon = await store().feedHorizon(settled);
    this.#horizon = Math.max(this.#horizon, horizon);
    this.#lookedAt = performance.now();
    return this.#horizon;
  }

  #schedule(ms: number): void {
    if (this.#cancelTimer !== null || this.#closed) return;
    this.#cancelTimer = this.#options.clock.setTimer(ms, () => {
      this.#ticking = this.#tick();
    });
  }

  async #tick(): Promise<void> {
    let pauseMs = INTERVAL_MS;
    try {
      const horizon = await this.horizon();
      const above = this.#wokenUpTo;
      if (horizon > above) await this.#wake(above, horizon);
    } catch (error) {
      this.#options.onFailure(error);
      pauseMs = PAUSE_MS;
    }
    this.#cancelTimer = null;
    if (this.#waiters.size > 0) this.#schedule(pauseMs);
  }

  async #wake(above: number, upTo: number): Promise<void> {
    const present = [...this.#waiters];
    const apps = await applicationsWithNewMessages(this.#options.store().db, above, upTo);
    // Readers that arrived in the meantime may have seen less, and are woken next time.
    if (this.#wokenUpTo === above) this.#wokenUpTo = upTo;
    for (const waiter of present) if (apps === null || apps.has(waiter.appKey)) waiter.wake();
  }
}

/** Applications with messages in a part of the order; `null`: too many. */
async function applicationsWithNewMessages(
  db: Kysely<Database>,
  above: number,
  upTo: number,
): Promise<ReadonlySet<number> | null> {
  const { rows } = await sql<{ app_id: number }>`
    SELECT DISTINCT app_id FROM (
      SELECT app_id FROM message WHERE id > ${above} AND id <= ${upTo}
      UNION ALL SELECT app_id FROM feed_late WHERE after_key >= ${above} AND after_key < ${upTo}) AS news
    LIMIT ${MAX_APPLICATIONS}`.execute(db);
  return rows.length === MAX_APPLICATIONS ? null : new Set(rows.map((row) => row.app_id));
}
