/**
 * What happens, as it happens, for those who watch.
 *
 * The feed is told of each commit and keeps the last events in memory, numbered, so that a watcher who was away for a moment goes on
 * where it was. It is a hint in addition to the database: a client that was disconnected for longer, or across a restart, gets a gap and
 * reads the lists. Without an open stream it keeps nothing and costs nothing.
 */
import type { AcceptEntry, CommitListener, RecordEntry } from "../store/store.ts";
import { type Describe, type Described, type LiveEvent, toEvents, type CommittedRow } from "./events.ts";

/** Events kept for those who come back. */
const KEPT_EVENTS = 5000;
/** Commits that wait to be described; more are dropped, and watchers are told. */
const MAX_WAITING = 20_000;
/** Rows that are described with one query. */
const DESCRIBED_AT_ONCE = 500;
/** Events go out this often at most: to a person it is at once, and a busy server describes many with one query. */
const PACE_MS = 150;
/** For so long after the last watcher has gone the feed goes on, so that it can come back. */
const LINGER_MS = 10 * 60_000;

export interface FeedOptions {
  /** Names this run of the process, so that numbers of an earlier one are not taken for its own. */
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
  /** Gets events in order, as they come. */
  events(events: readonly Numbered[]): void;
  /** Something was missed: the lists know it. */
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
  /** Cancels the pump that waits for its time; `null`: none does. */
  #cancelPump: (() => void) | null = null;
  /** The pump at work. */
  #running: Promise<void> = Promise.resolve();
  #wantedUntil = 0;
  #onWatched: () => void = () => undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Where the feed stands: what comes after this is new. */
  get position(): string {
    return `${this.#options.run}.${this.#next - 1}`;
  }

  /** Whether a stream is open, or was closed recently and may be resumed. */
  get wanted(): boolean {
    if (this.#watchers.size > 0 || this.#wantedUntil >= this.#options.now()) return true;
    if (this.#kept.length > 0) this.#forget();
    return false;
  }

  /** Told by the store after each commit. Must be cheap: deliveries wait behind it. */
  committed(accepts: readonly AcceptEntry[], records: readonly RecordEntry[]): void {
    const at = this.#options.now();
    const rows: CommittedRow[] = accepts.map(({ id, eventId, endpointIds }) => {
      return { kind: "accept", id, eventId, endpoints: endpointIds.length };
    });
    for (const { messageId, endpointId, due, attempt } of records) {
      if (attempt !== null) rows.push({ kind: "record", messageId, endpointId, due, attempt, at });
    }
    this.told(rows, false);
  }

  /** As `committed`, with rows that the caller has looked up. `missed`: there were more. */
  told(rows: readonly CommittedRow[], missed: boolean): void {
    if (this.#closed) return;
    const fits = this.#waiting.length + rows.length <= MAX_WAITING;
    if (fits) this.#waiting.push(...rows);
    this.#missed ||= missed || !fits;
    this.#startPump();
  }

  /** Sets the callback for the first opened stream. */
  onWatched(listener: () => void): void {
    this.#onWatched = listener;
  }

  /**
   * Watches from after `since`, or from now on. Returns how to stop.
   *
   * @param since The id of the last event that was seen.
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

  /** Publishes nothing from here on, and resolves once it no longer reads the database: to be done before the store is closed. */
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
      // The database did not answer. What waited is in it, and the lists show it.
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

  /** Discards the kept events, so that no client resumes across missing ones. */
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
