/** Runs tasks in the background: one step of each in turn, so that a long one does not keep the others waiting. */
import { setTimeout as delay } from "node:timers/promises";
import type { Services, TaskQueue } from "../domain/context.ts";
import { failTask, runStep, unfinishedTasks, waitsOutside } from "../domain/task/run.ts";
import type { TaskKind } from "../domain/task/task.ts";
import { PosthornError } from "../errors.ts";

/** After a failure of the store the task waits this long; it stays as it is until then. */
const PAUSE_MS = 2000;

/** The tasks of a node. Those whose steps wait for somebody outside have a turn of their own, so that nobody else waits with them. */
export class TaskRunners implements TaskQueue, AsyncDisposable {
  readonly #services: () => Services;
  readonly #inside: TaskRunner;
  readonly #outside: TaskRunner;

  /** @param services Asked for at each step, since the services hold these runners. */
  constructor(services: () => Services, onFailure: (taskKey: number, error: unknown) => void) {
    this.#services = services;
    this.#inside = new TaskRunner(services, onFailure);
    this.#outside = new TaskRunner(services, onFailure);
  }

  start(taskKey: number, kind: TaskKind): void {
    (waitsOutside(kind) ? this.#outside : this.#inside).start(taskKey);
  }

  /** Goes on with what an earlier run left unfinished. */
  async resume(): Promise<void> {
    for (const { key, kind } of await unfinishedTasks(this.#services())) this.start(key, kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#inside[Symbol.asyncDispose](), this.#outside[Symbol.asyncDispose]()]);
  }
}

export class TaskRunner implements AsyncDisposable {
  readonly #services: () => Services;
  readonly #onFailure: (taskKey: number, error: unknown) => void;
  readonly #abort = new AbortController();
  /** Keys of the tasks that have something to do, in turn. */
  readonly #waiting = new Set<number>();
  /** Tasks whose next step is not yet due. */
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #running: Promise<void> | null = null;

  /** @param services Asked for at each step, since the services hold this runner. */
  constructor(services: () => Services, onFailure: (taskKey: number, error: unknown) => void) {
    this.#services = services;
    this.#onFailure = onFailure;
  }

  start(taskKey: number): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#timers.get(taskKey));
    this.#timers.delete(taskKey);
    this.#waiting.add(taskKey);
    this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const taskKey of this.#waiting) {
      if (this.#abort.signal.aborted) break;
      this.#waiting.delete(taskKey);
      const waitMs = await this.#step(taskKey);
      if (waitMs === null || this.#abort.signal.aborted) continue;
      // Added again it comes after the others: a set is walked in the order of its insertions.
      if (waitMs === 0) this.#waiting.add(taskKey);
      else this.#later(taskKey, waitMs);
    }
    this.#running = null;
  }

  #later(taskKey: number, ms: number): void {
    // Started again while its step was under way: it has its turn already.
    if (this.#waiting.has(taskKey)) return;
    this.#timers.set(
      taskKey,
      setTimeout(() => this.start(taskKey), ms),
    );
  }

  /** Milliseconds until the next step; `null` when the task is at its end. */
  async #step(taskKey: number): Promise<number | null> {
    try {
      return await runStep(this.#services(), taskKey);
    } catch (error) {
      this.#onFailure(taskKey, error);
      if (isStoreAway(error)) return this.#sleep();
    }
    // Not the store but the task itself is at fault: it would fail again.
    try {
      await failTask(this.#services(), taskKey);
      return null;
    } catch (error) {
      this.#onFailure(taskKey, error);
      return this.#sleep();
    }
  }

  async #sleep(): Promise<number> {
    await delay(PAUSE_MS, undefined, { signal: this.#abort.signal }).catch(() => undefined);
    return 0;
  }
}

/** A full disk is no reason to give up what was promised with 202. */
function isStoreAway(error: unknown): boolean {
  return error instanceof PosthornError && error.status === 503;
}
