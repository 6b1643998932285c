/** Runs tasks in the background, one after another. */
import type { Services, TaskQueue } from "../domain/context.ts";
import { failTask, runTask, unfinishedTasks } from "../domain/task/run.ts";

export class TaskRunner implements TaskQueue, AsyncDisposable {
  readonly #services: () => Services;
  readonly #onFailure: (taskKey: number, error: unknown) => void;
  readonly #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param services Asked for at each task, since the services hold this runner. */
  constructor(services: () => Services, onFailure: (taskKey: number, error: unknown) => void) {
    this.#services = services;
    this.#onFailure = onFailure;
  }

  start(taskKey: number): void {
    this.#running = this.#running.then(() => this.#run(taskKey));
  }

  /** Goes on with what an earlier run left unfinished. */
  async resume(): Promise<void> {
    for (const taskKey of await unfinishedTasks(this.#services())) this.start(taskKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(taskKey: number): Promise<void> {
    if (this.#abort.signal.aborted) return;
    try {
      await runTask(this.#services(), taskKey, this.#abort.signal);
    } catch (error) {
      this.#onFailure(taskKey, error);
      // When the store itself is away the task stays "running" and goes on at the next start.
      await failTask(this.#services(), taskKey).catch(() => undefined);
    }
  }
}
