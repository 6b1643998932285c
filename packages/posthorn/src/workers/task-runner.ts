/** Runs the steps of background tasks in turn, so that a long task does not delay the others. */
import type { Clock } from "../dispatch/types.ts";
import type { Services } from "../domain/context.ts";
import type { TaskQueue } from "../domain/ports.ts";
import { failTask, runStep, unfinishedTasks, waitsOutside } from "../domain/task/run.ts";
import type { TaskKind } from "../domain/task/task.ts";
import { PosthornError } from "../lib/errors.ts";
import type { Worker } from "./worker.ts";

export interface TaskRunnerOptions {
  /** Called at each step, because the services do not exist yet when the worker is constructed. */
  readonly services: () => Services;
  readonly clock: Clock;
  /** Whether this node owns a task. */
  readonly owns: (taskKey: number) => boolean;
  readonly onFailure: (taskKey: number, error: unknown) => void;
}

/** Pause of a task after a failure of the store. */
const PAUSE_MS = 2000;

/** Runs the tasks of a node. Tasks that call external APIs have a separate loop, so that they do not delay the others. */
export class TaskRunner implements TaskQueue, Worker {
  readonly name = "tasks";
  readonly #options: TaskRunnerOptions;
  readonly #inside: TaskLoop;
  readonly #outside: TaskLoop;
  /** Cancels the scheduled scan for tasks; `null`: none is scheduled. */
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

  /** Continues the unfinished tasks of an earlier run or of another node. */
  async gained(): Promise<void> {
    for (const { key, kind } of await unfinishedTasks(this.#options.services())) this.start(key, kind);
  }

  /** Schedules a scan for unfinished tasks, and repeats it until it succeeds. */
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
    // The store has logged the failure.
    await this.gained().catch(() => this.rescan());
  }
}

export class TaskLoop implements AsyncDisposable {
  readonly #options: TaskRunnerOptions;
  readonly #abort = new AbortController();
  /** Keys of the tasks whose next step is due, in order. */
  readonly #waiting = new Set<number>();
  /** Tasks whose next step is not due yet, with the functions that cancel their timers. */
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
      // Sets are iterated in insertion order, so the task now comes after the others.
      if (waitMs === 0) this.#waiting.add(taskKey);
      else this.#later(taskKey, waitMs);
    }
    this.#running = null;
  }

  #later(taskKey: number, ms: number): void {
    // The task was started again during its step and is already queued.
    if (this.#waiting.has(taskKey)) return;
    this.#timers.set(
      taskKey,
      this.#options.clock.setTimer(ms, () => this.start(taskKey)),
    );
  }

  /** Runs one step. Returns the milliseconds until the next one; `null` if the task has ended. */
  async #step(taskKey: number): Promise<number | null> {
    const { services, onFailure, owns } = this.#options;
    // Another node owns the task by now, and continues it.
    if (!owns(taskKey)) return null;
    try {
      return await runStep(services(), taskKey);
    } catch (error) {
      onFailure(taskKey, error);
      if (isStoreUnavailable(error)) return this.#sleep();
    }
    // The failure is not temporary, so the step would fail again.
    try {
      await failTask(services(), taskKey);
      return null;
    } catch (error) {
      onFailure(taskKey, error);
      return this.#sleep();
    }
  }

  /** Waits for `PAUSE_MS`, or until the node stops. Resolves with 0: the next step is due. */
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

/** A full disk or an unavailable database must not fail a task that was accepted with 202. */
function isStoreUnavailable(error: unknown): boolean {
  return error instanceof PosthornError && error.status === 503;
}
