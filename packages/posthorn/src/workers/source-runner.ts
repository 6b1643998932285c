/** Reads the sources in the shards of this node: see `source-run.ts`. */
import { ownRuns, runOf } from "../domain/source/runs.ts";
import type { Signal } from "../store/signal.ts";
import type { InShards } from "../store/shards.ts";
import { SessionRemover } from "./session-remover.ts";
import { SourceRun } from "./source-run.ts";
import type { SourceRunParts } from "./source-run-parts.ts";
import type { Worker } from "./worker.ts";

export interface SourceRunnerOptions extends SourceRunParts {
  /** Whether this node owns a source. */
  readonly owns: (sourceKey: number) => boolean;
}

export class SourceRunner implements Worker {
  readonly name = "source runner";
  readonly #options: SourceRunnerOptions;
  readonly #runs = new Map<number, SourceRun>();
  readonly #remover: SessionRemover;
  /** Row changes are handled one after another, so that each sees the result of the previous one. */
  #handling: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isStopped = false;
  #isRescanning = false;

  constructor(options: SourceRunnerOptions) {
    this.#options = options;
    this.#remover = new SessionRemover(options);
  }

  /** Sources that this node reads. */
  get size(): number {
    return this.#runs.size;
  }

  started(): void {
    this.#isStarted = true;
    for (const run of this.#runs.values()) run.start();
    this.#remover.look();
  }

  async gained(isGained: InShards): Promise<void> {
    await this.#load(isGained);
  }

  async left(isLeft: InShards): Promise<void> {
    await this.#stop([...this.#runs.keys()].filter((key) => isLeft(key)));
  }

  rescan(): void {
    if (this.#isRescanning) return;
    this.#isRescanning = true;
    void this.#enqueue(async () => {
      this.#isRescanning = false;
      await this.#load((key) => this.#options.owns(key));
    });
  }

  notified(signal: Signal): void {
    if (signal.kind !== "source" || !this.#options.owns(signal.key)) return;
    void this.#enqueue(() => this.#refresh(signal.key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#stop([...this.#runs.keys()]);
    await this.#handling;
    await this.#remover[Symbol.asyncDispose]();
  }

  /** Never rejects. Failed work is found again by the next scan. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#handling = this.#handling.then(work).catch((error: unknown) => this.#options.observer.fault(0, error));
    return this.#handling;
  }

  /** Adds the sources that are missing here, and removes those that no longer exist. */
  async #load(isOwn: InShards): Promise<void> {
    const found = new Set<number>();
    for await (const { key, nextAt, version } of ownRuns(this.#options.services().store)) {
      if (!isOwn(key)) continue;
      found.add(key);
      this.#apply(key, nextAt, version);
    }
    await this.#stop([...this.#runs.keys()].filter((key) => isOwn(key) && !found.has(key)));
    if (this.#isStarted) this.#remover.look();
  }

  async #refresh(key: number): Promise<void> {
    const row = await runOf(this.#options.services().store, key);
    if (row === null || row === "paused") await this.#stop([key]);
    else if (this.#options.owns(key)) this.#apply(key, row.nextAt, row.version);
    // The connection that used the session has ended by now.
    this.#remover.look();
  }

  #apply(key: number, nextAt: number | null, version: number): void {
    if (this.#isStopped) return;
    const known = this.#runs.get(key);
    if (known !== undefined) {
      known.changed(nextAt, known.version !== null && version > known.version);
      return;
    }
    const run = new SourceRun(this.#options, key, nextAt ?? this.#options.clock.now());
    this.#runs.set(key, run);
    if (this.#isStarted) run.start();
  }

  async #stop(keys: readonly number[]): Promise<void> {
    await Promise.all(
      keys.map(async (key) => {
        const run = this.#runs.get(key);
        this.#runs.delete(key);
        await run?.stop();
      }),
    );
  }
}
