/**
 * Live feed of accepted messages and attempts, for open event streams.
 *
 * The store passes each commit to the feed, which numbers the events and keeps the last ones in memory, so that a client can resume after a
 * short disconnect. The database stays authoritative: a client that was disconnected for longer, or across a restart, receives a gap and
 * reloads its lists. Without an open stream the feed keeps nothing and costs nothing.
 */
import type { AcceptEntry, CommitListener } from "../store/store.ts";
import type { Outcome } from "../store/delivery.ts";
import { type Describe, type Described, type LiveEvent, toEvents, type CommittedRow } from "./events.ts";

/** Events kept for clients that reconnect. */
const KEPT_EVENTS = 5000;
/** Maximum rows waiting for their description. More are dropped, and watchers receive a gap. */
const MAX_WAITING = 20_000;
/** Rows described with one query. */
const DESCRIBED_AT_ONCE = 500;
/** Minimum time between two batches: imperceptible to people, and long enough for a busy server to describe many rows with one query. */
const PACE_MS = 150;
/** How long the feed continues after the last watcher disconnects, so that it can resume. */
const LINGER_MS = 10 * 60_000;

export interface FeedOptions {
  /** Id of this run of the process, so that event ids of an earlier run are recognized. */
  readonly run: string;
  readonly describe: Describe;
  readonly now: () => number;
  readonly setTimer: (ms: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
}

/** One event with its number. */
export interface Numbered {
  readonly id: string;
  readonly event: LiveEvent;
}

export interface Watcher {
  /** Receives new events, in order. */
  events(events: readonly Numbered[]): void;
  /** Events were missed; the client must reload its lists. */
  gap(id: string): void;
}

export class LiveFeed implements CommitListener, AsyncDisposable {
  readonly #options: FeedOptions;
  readonly #watchers = new Set<Watcher>();
  #kept: Numbered[] = [];
  /** Number of the next event. */
  #next = 1;
  #waiting: CommittedRow[] = [];
  #missed = false;
  #pumping = false;
  #closed = false;
  /** Cancels the scheduled pump; `null`: none is scheduled. */
  #cancelPump: (() => void) | null = null;
  /** The current run of the pump. */
  #running: Promise<void> = Promise.resolve();
  #wantedUntil = 0;
  #onWatched: () => void = () => undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Id of the last event. */
  get position(): string {
    return `${this.#options.run}.${this.#next - 1}`;
  }

  /** Whether a stream is open, or was closed recently and may be resumed. */
  get wanted(): boolean {
    if (this.#watchers.size > 0 || this.#wantedUntil >= this.#options.now()) return true;
    if (this.#kept.length > 0) this.#forget();
    return false;
  }

  /** Called by the store after each commit. Must be cheap, because deliveries wait for it. */
  committed(accepts: readonly AcceptEntry[], records: readonly Outcome[]): void {
    const at = this.#options.now();
    const rows: CommittedRow[] = accepts.map(({ id, eventId, endpointIds }) => {
      return { kind: "accept", id, eventId, endpoints: endpointIds.length };
    });
    for (const { messageId, endpointId, due, attempt } of records) {
      if (attempt !== null) rows.push({ kind: "record", messageId, endpointId, due, attempt, at });
    }
    this.append(rows, false);
  }

  /** Like `committed`, for rows that the caller has looked up. `missed`: there were more. */
  append(rows: readonly CommittedRow[], missed: boolean): void {
    if (this.#closed) return;
    const fits = this.#waiting.length + rows.length <= MAX_WAITING;
    if (fits) this.#waiting.push(...rows);
    this.#missed ||= missed || !fits;
    this.#startPump();
  }

  /** Sets the callback for each opened stream. */
  onWatched(listener: () => void): void {
    this.#onWatched = listener;
  }

  /**
   * Subscribes to the events after `since`, or to new events only. Returns a function that unsubscribes.
   *
   * @param since Id of the last event the client received.
   */
  watch(watcher: Watcher, since: string | null): () => void {
    this.#watchers.add(watcher);
    this.#onWatched();
    if (since !== null) this.#catchUp(watcher, since);
    return () => {
      this.#watchers.delete(watcher);
      this.#wantedUntil = this.#options.now() + LINGER_MS;
    };
  }

  /** Stops publishing, and resolves once it no longer reads the database. Must complete before the store is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    this.#cancelPump?.();
    await this.#running;
  }

  #catchUp(watcher: Watcher, since: string): void {
    const [run, number] = since.split(".");
    const after = Number(number);
    const first = this.#next - this.#kept.length;
    if (run !== this.#options.run || !Number.isSafeInteger(after) || after < first - 1 || after >= this.#next) {
      watcher.gap(this.position);
      return;
    }
    const missed = this.#kept.slice(after - first + 1);
    if (missed.length > 0) watcher.events(missed);
  }

  #startPump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#cancelPump = this.#options.setTimer(PACE_MS, () => {
      this.#cancelPump = null;
      this.#running = this.#pump();
    });
  }

  async #pump(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const rows = this.#waiting.splice(0, DESCRIBED_AT_ONCE);
        this.#publish(toEvents(rows, await this.#describe(rows)));
      }
    } catch (error) {
      // The query failed. The rows themselves are committed, so clients find them in the lists.
      this.#waiting = [];
      this.#missed = true;
      this.#options.onFailure(error);
    }
    if (this.#missed && !this.#closed) this.#tellGap();
    this.#pumping = false;
    if (this.#waiting.length > 0) this.#startPump();
  }

  #describe(rows: readonly CommittedRow[]): Promise<Described> {
    const messages = new Set<number>();
    const endpoints = new Set<number>();
    for (const row of rows) {
      messages.add(row.kind === "accept" ? row.id : row.messageId);
      if (row.kind === "record") endpoints.add(row.endpointId);
    }
    return this.#options.describe([...messages], [...endpoints]);
  }

  #publish(events: readonly LiveEvent[]): void {
    if (events.length === 0) return;
    const numbered = events.map((event) => ({ id: `${this.#options.run}.${this.#next++}`, event }));
    this.#kept.push(...numbered);
    if (this.#kept.length > KEPT_EVENTS) this.#kept.splice(0, this.#kept.length - KEPT_EVENTS);
    for (const watcher of this.#watchers) watcher.events(numbered);
  }

  /** Discards the kept events, so that no client resumes past missing ones. */
  #forget(): void {
    this.#kept = [];
    this.#next++;
  }

  #tellGap(): void {
    this.#missed = false;
    this.#forget();
    for (const watcher of this.#watchers) watcher.gap(this.position);
  }
}
