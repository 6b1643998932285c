/** Runs tasks in the background: one step of each in turn, so that a long one does not keep the others waiting. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { TaskQueue } from "../domain/ports.ts";
import { failTask, runStep, unfinishedTasks, waitsOutside } from "../domain/task/run.ts";
import type { TaskKind } from "../domain/task/task.ts";
import { PosthornError } from "../lib/errors.ts";
import type { Worker } from "./worker.ts";

export interface TaskRunnerOptions {
  /** Asked for at each step, since the services hold the runners. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether a task is this node's to do. */
  readonly owns: (taskKey: number) => boolean;
  readonly onFailure: (taskKey: number, error: unknown) => void;
}

/** After a failure of the store the task waits this long; it stays as it is until then. */
const PAUSE_MS = 2000;

/** Runs the tasks of a node. Tasks that wait for external services run separately, so that other tasks do not wait for them. */
export class TaskRunner implements TaskQueue, Worker {
  readonly name = "tasks";
  readonly #options: TaskRunnerOptions;
  readonly #inside: TaskLoop;
  readonly #outside: TaskLoop;
  /** Takes back the look for tasks that is to come; `null`: none is. */
  #cancelRescan: (() => void) | null = null;
  #stopped = false;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.#inside = new TaskLoop(options);
    this.#outside = new TaskLoop(options);
  }

  start(taskKey: number, kind: TaskKind): void {
    if (!this.#options.owns(taskKey)) return;
    (waitsOutside(kind) ? this.#outside : this.#inside).start(taskKey);
  }

  /** Continues the tasks that an earlier run, or another node, has not finished. */
  async gained(): Promise<void> {
    for (const { key, kind } of await unfinishedTasks(this.#options.services())) this.start(key, kind);
  }

  /** Searches for unfinished tasks soon, and again until the store answers. */
  rescan(): void {
    if (this.#stopped) return;
    this.#cancelRescan ??= this.#options.clock.setTimer(PAUSE_MS, () => void this.#rescan());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#cancelRescan?.();
    await Promise.all([this.#inside[Symbol.asyncDispose](), this.#outside[Symbol.asyncDispose]()]);
  }

  async #rescan(): Promise<void> {
    this.#cancelRescan = null;
    // Who was told of the failed write knows what the trouble is.
    await this.gained().catch(() => this.rescan());
  }
}

export class TaskLoop implements AsyncDisposable {
  readonly #options: TaskRunnerOptions;
  readonly #abort = new AbortController();
  /** Keys of the tasks that have something to do, in turn. */
  readonly #waiting = new Set<number>();
  /** Tasks whose next step is not yet due, and what takes their timer back. */
  readonly #timers = new Map<number, () => void>();
  #running: Promise<void> | null = null;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
  }

  start(taskKey: number): void {
    if (this.#abort.signal.aborted) return;
    this.#timers.get(taskKey)?.();
    this.#timers.delete(taskKey);
    this.#waiting.add(taskKey);
    this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    for (const cancel of this.#timers.values()) cancel();
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
      this.#options.clock.setTimer(ms, () => this.start(taskKey)),
    );
  }

  /** Milliseconds until the next step; `null` when the task is at its end. */
  async #step(taskKey: number): Promise<number | null> {
    const { services, onFailure, owns } = this.#options;
    // It is another node's by now, which has found it.
    if (!owns(taskKey)) return null;
    try {
      return await runStep(services(), taskKey);
    } catch (error) {
      onFailure(taskKey, error);
      if (isStoreAway(error)) return this.#sleep();
    }
    // Not the store but the task itself is at fault: it would fail again.
    try {
      await failTask(services(), taskKey);
      return null;
    } catch (error) {
      onFailure(taskKey, error);
      return this.#sleep();
    }
  }

  /** Ends early when the node does. */
  #sleep(): Promise<number> {
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        cancel();
        signal.removeEventListener("abort", wakeUp);
        resolve(0);
      };
      const cancel = this.#options.clock.setTimer(PAUSE_MS, wakeUp);
      signal.addEventListener("abort", wakeUp, { once: true });
    });
  }
}

/** A full disk is no reason to give up what was promised with 202. */
function isStoreAway(error: unknown): boolean {
  return error instanceof PosthornError && error.status === 503;
}
