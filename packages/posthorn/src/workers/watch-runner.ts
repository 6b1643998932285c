/**
 * Evaluates the watches of this node's shards, separately from the requests that publish messages. Waits for new
 * messages like a feed reader, and for the timers of keys.
 */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { Position } from "../domain/feed/position.ts";
import { evaluateWatch, SETTLE_MS, WatchMoved, type WatchStep } from "../domain/watch/evaluate.ts";
import { listActive } from "../domain/watch/active.ts";
import type { Signal } from "../store/signal.ts";
import type { InShards } from "../store/shards.ts";
import type { Worker } from "./worker.ts";

export interface WatchRunnerOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether this node owns a watch. */
  readonly owns: (watchKey: number) => boolean;
  readonly onStep: (step: WatchStep, ms: number) => void;
  readonly onFailure: (watchKey: number, error: unknown) => void;
}

/** Watches evaluated at the same time. */
const CONCURRENCY = 2;
/** Pause of a watch after a failure. */
const PAUSE_MS = 2000;
/** Timers are checked at least this often, in case the clock was set forward. */
const MAX_SLEEP_MS = 10_000;

interface Entry {
  readonly key: number;
  readonly appKey: number;
  readTo: Position | null;
  /** When the next timer is due; `null`: there is none. */
  due: number | null;
  /** The current step, or the last one. */
  running: Promise<void>;
  isRunning: boolean;
  /** Whether something happened during the current step. */
  again: boolean;
}

export class WatchRunner implements Worker {
  readonly name = "watches";
  readonly #options: WatchRunnerOptions;
  readonly #entries = new Map<number, Entry>();
  readonly #queue = new Set<number>();
  /** Readers of the feeds of applications with watches. */
  readonly #readers = new Map<number, AbortController>();
  #active = 0;
  #cancelTimer: (() => void) | null = null;
  #stopped = false;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: WatchRunnerOptions) {
    this.#options = options;
  }

  async gained(isGained: InShards): Promise<void> {
    await this.#load(isGained);
  }

  async left(isLeft: InShards): Promise<void> {
    const leaving = [...this.#entries.values()].filter(({ key }) => isLeft(key));
    for (const { key } of leaving) this.#drop(key);
    await Promise.all(leaving.map(({ running }) => running));
  }

  rescan(): void {
    this.#loading = this.#load(() => true).catch((error: unknown) => this.#options.onFailure(0, error));
  }

  notified(signal: Signal): void {
    if (signal.kind === "condition") this.rescan();
  }

  /** Watches that this node evaluates. */
  get size(): number {
    return this.#entries.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    for (const reader of this.#readers.values()) reader.abort();
    await this.#loading;
    await Promise.all([...this.#entries.values()].map(({ running }) => running));
  }

  /** Loads the watches of these shards, and drops those that are deleted or paused. */
  async #load(isMine: InShards): Promise<void> {
    if (this.#stopped) return;
    const active = await listActive(this.#options.services().store.db);
    const present = new Set(active.map(({ key }) => key));
    for (const key of this.#entries.keys()) if (isMine(key) && !present.has(key)) this.#drop(key);
    for (const { key, appKey } of active) {
      if (!isMine(key) || !this.#options.owns(key)) continue;
      if (!this.#entries.has(key)) {
        this.#entries.set(key, {
          key,
          appKey,
          readTo: null,
          due: null,
          running: Promise.resolve(),
          isRunning: false,
          again: false,
        });
      }
      this.#enqueue(key);
    }
  }

  #drop(key: number): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    this.#queue.delete(key);
    if (entry === undefined || [...this.#entries.values()].some(({ appKey }) => appKey === entry.appKey)) return;
    this.#readers.get(entry.appKey)?.abort();
    this.#readers.delete(entry.appKey);
  }

  #enqueue(key: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#stopped) return;
    if (entry.isRunning) entry.again = true;
    else this.#queue.add(key);
    this.#pump();
  }

  #pump(): void {
    for (const key of this.#queue) {
      if (this.#active >= CONCURRENCY || this.#stopped) return;
      this.#queue.delete(key);
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      this.#active += 1;
      entry.again = false;
      entry.isRunning = true;
      entry.running = this.#step(entry).finally(() => {
        this.#active -= 1;
        entry.isRunning = false;
        if (entry.again) this.#enqueue(key);
        this.#pump();
        this.#sleep();
      });
    }
  }

  async #step(entry: Entry): Promise<void> {
    const { services, owns, clock, onFailure, onStep } = this.#options;
    if (!owns(entry.key)) return this.#drop(entry.key);
    const startedAt = performance.now();
    try {
      const step = await evaluateWatch(services(), entry.key, entry.readTo);
      if (step === null) return this.#drop(entry.key);
      onStep(step, performance.now() - startedAt);
      entry.readTo = step.readTo;
      entry.due = step.due;
      if (step.more) entry.again = true;
      else this.#read(entry.appKey);
    } catch (error) {
      entry.readTo = null;
      entry.due = clock.now() - SETTLE_MS + (error instanceof WatchMoved ? 0 : PAUSE_MS);
      if (!(error instanceof WatchMoved)) onFailure(entry.key, error);
    }
  }

  /** Waits for the next messages of an application, unless it already does. */
  #read(appKey: number): void {
    if (this.#readers.has(appKey) || this.#stopped) return;
    const reader = new AbortController();
    this.#readers.set(appKey, reader);
    const positions = this.#entriesOf(appKey).map(({ readTo }) => readTo?.key ?? 0);
    void this.#wait(appKey, reader, Math.min(...positions));
  }

  async #wait(appKey: number, reader: AbortController, after: number): Promise<void> {
    await this.#options.services().feeds.wait(appKey, { after, signal: reader.signal });
    if (this.#readers.get(appKey) !== reader) return;
    this.#readers.delete(appKey);
    if (reader.signal.aborted) return;
    for (const { key } of this.#entriesOf(appKey)) this.#enqueue(key);
  }

  #entriesOf(appKey: number): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.appKey === appKey);
  }

  /** Sets the timer for the next key that is due. */
  #sleep(): void {
    if (this.#stopped) return;
    const dues = [...this.#entries.values()].flatMap(({ due }) => (due === null ? [] : [due]));
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (dues.length === 0) return;
    const { clock } = this.#options;
    const next = dues.reduce((a, b) => Math.min(a, b)) + SETTLE_MS - clock.now();
    this.#cancelTimer = clock.setTimer(Math.min(Math.max(next, 0), MAX_SLEEP_MS), () => this.#wake());
  }

  #wake(): void {
    this.#cancelTimer = null;
    const now = this.#options.clock.now();
    for (const { key, due } of this.#entries.values()) {
      if (due !== null && due + SETTLE_MS <= now) this.#enqueue(key);
    }
    if (this.#active === 0) this.#sleep();
  }
}
