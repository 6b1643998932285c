/** Interface of background jobs, and the set of jobs that a node runs. */
import type { Signal } from "../store/signal.ts";
import type { InShards } from "../store/shards.ts";

/**
 * A background job of a node: retention, statistics, the outbox relay, …
 *
 * Every node constructs every worker. A worker that runs once per cluster checks `leads()` before each run; a worker whose work is
 * split by endpoint or task follows the shards of its node through `gained` and `left`.
 *
 *     constructed → started → (gained | left | rescan | notified)* → disposed
 *
 * `gained`, `rescan` and `notified` may come before `started`, and any of them may be called while an earlier call is still running. Signals
 * that were sent before the node was constructed are not passed on. A worker implements only the methods that it needs. All state of a
 * worker can be rebuilt from the database.
 */
export interface Worker extends AsyncDisposable {
  /** Appears in the log when a call to this worker fails. */
  readonly name: string;
  /** Starts periodic work. Called once, when the node accepts requests and has its first shards. */
  started?(): void;
  /** Loads the worker's state for the shards that this node has taken over. Their deliveries start afterwards. */
  gained?(isGained: InShards): Promise<void>;
  /** Saves and discards the state for shards that move to other nodes. Called when they have no attempts in flight. */
  left?(isLeft: InShards): Promise<void>;
  /** Scans the database for work, because a notification or the outcome of a write may have been lost. Must be idempotent. */
  rescan?(): void;
  /** Receives a signal of this node or of another one. */
  notified?(signal: Signal): void;
  /** Starts no new work, and resolves when running work has ended and the state is saved. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WorkerFailure {
  /** Name of the worker. */
  readonly worker: string;
  readonly call: "started" | "gained" | "left" | "rescan" | "notified";
}

/**
 * Calls the workers of a node in the listed order. A failing worker does not prevent the calls of the others. The node disposes the
 * workers itself, because other parts must be disposed between them.
 */
export class Workers {
  readonly #workers: readonly Worker[];
  readonly #onFailure: (error: unknown, failure: WorkerFailure) => void;

  constructor(workers: readonly Worker[], onFailure: (error: unknown, failure: WorkerFailure) => void) {
    this.#workers = workers;
    this.#onFailure = onFailure;
  }

  /** Calls all workers, then throws the first failure, so that the node does not start. */
  started(): void {
    const failures = this.#each("started", (worker) => worker.started?.());
    if (failures.length > 0) throw failures[0];
  }

  /** Calls all workers, then rejects with the first failure, so that the node scans these shards again. */
  async gained(isGained: InShards): Promise<void> {
    const failures = await this.#eachInTurn("gained", (worker) => worker.gained?.(isGained));
    if (failures.length > 0) throw failures[0];
  }

  /** Never rejects, because a shard must be released even if a worker could not save its state. */
  async left(isLeft: InShards): Promise<void> {
    await this.#eachInTurn("left", (worker) => worker.left?.(isLeft));
  }

  rescan(): void {
    this.#each("rescan", (worker) => worker.rescan?.());
  }

  notified(signal: Signal): void {
    this.#each("notified", (worker) => worker.notified?.(signal));
  }

  #each(call: WorkerFailure["call"], make: (worker: Worker) => void): readonly unknown[] {
    const failures: unknown[] = [];
    for (const worker of this.#workers) {
      try {
        make(worker);
      } catch (error) {
        failures.push(error);
        this.#onFailure(error, { worker: worker.name, call });
      }
    }
    return failures;
  }

  async #eachInTurn(
    call: WorkerFailure["call"],
    make: (worker: Worker) => Promise<void> | undefined,
  ): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    for (const worker of this.#workers) {
      try {
        await make(worker);
      } catch (error) {
        failures.push(error);
        this.#onFailure(error, { worker: worker.name, call });
      }
    }
    return failures;
  }
}
