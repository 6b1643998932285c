/** Runs tasks in the background, one after another. */
import { setTimeout as delay } from "node:timers/promises";
import type { Services, TaskQueue } from "../domain/context.ts";
import { failTask, runTask, unfinishedTasks } from "../domain/task/run.ts";
import { PosthornError } from "../errors.ts";

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

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
    const { signal } = this.#abort;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      try {
        await runTask(this.#services(), taskKey, signal);
        return;
      } catch (error) {
        this.#onFailure(taskKey, error);
        if (!isStoreAway(error)) {
          // When it cannot even be marked, it stays "running" and goes on at the next start.
          await failTask(this.#services(), taskKey).catch(() => undefined);
          return;
        }
      }
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A full disk is no reason to give up what was promised with 202. */
function isStoreAway(error: unknown): boolean {
  return error instanceof PosthornError && error.status === 503;
}
