/** The contract of background jobs, and the set of them that one node runs. */
import type { Signal } from "../store/signal.ts";
import type { InShards } from "../store/shards.ts";

/**
 * A background job of a node: retention, statistics, the outbox relay, …
 *
 * Every node constructs every worker. A worker that acts once for the whole cluster asks `leads()` before each run; a worker whose work
 * is split by endpoint or task follows the shards of its node through `gained` and `left`.
 *
 *     constructed → started → (gained | left | rescan | notified)* → disposed
 *
 * `gained` may come before `started`, and any of them may be called while an earlier call is still running. A worker implements only the
 * methods that it needs. All state of a worker can be rebuilt from the database.
 */
export interface Worker extends AsyncDisposable {
  /** Appears in the log when a call to this worker fails. */
  readonly name: string;
  /** Begins periodic work. Called once, when the node accepts requests and has its first shards. */
  started?(): void;
  /** Loads what the worker needs to know about the shards that this node has taken over. Deliveries in them begin afterwards. */
  gained?(isGained: InShards): Promise<void>;
  /** Saves what it knows about shards that go to other nodes, and forgets it. Called when no attempt in them is in flight. */
  left?(isLeft: InShards): Promise<void>;
  /** Searches the database for work, because a notification or the outcome of a write may have been lost. Must be safe to repeat. */
  rescan?(): void;
  /** Receives a signal of this node or of another one. */
  notified?(signal: Signal): void;
  /** Stops: begins nothing new, and resolves when nothing is running and what must be saved is saved. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WorkerFailure {
  /** Name of the worker. */
  readonly worker: string;
  readonly call: "started" | "gained" | "left" | "rescan" | "notified";
}

/**
 * Calls the workers of a node in the order in which they are listed. A worker that fails does not keep the others from being called.
 * Disposing them is up to the owner of the node: other parts have to be released between them.
 */
export class Workers {
  readonly #workers: readonly Worker[];
  readonly #onFailure: (error: unknown, failure: WorkerFailure) => void;

  constructor(workers: readonly Worker[], onFailure: (error: unknown, failure: WorkerFailure) => void) {
    this.#workers = workers;
    this.#onFailure = onFailure;
  }

  /** Throws the first failure, once all workers have been called: the node must not start. */
  started(): void {
    const failures = this.#each("started", (worker) => worker.started?.());
    if (failures.length > 0) throw failures[0];
  }

  /** Rejects with the first failure, once all workers have been called: the node must search these shards again. */
  async gained(isGained: InShards): Promise<void> {
    const failures = await this.#eachInTurn("gained", (worker) => worker.gained?.(isGained));
    if (failures.length > 0) throw failures[0];
  }

  /** Never rejects: a shard must be released even when a worker could not save what it knows about it. */
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
