/** Owners of the lanes, and since when, according to the commits. */
import type { Lease } from "../../src/store/delivery.ts";
import { SHARDS, shardOf } from "../../src/store/shards.ts";
import type { CoordinationWatcher } from "./cluster/coordination.ts";
import type { Run } from "./run.ts";

/** Period in which one process owns a shard: from taking it until another process takes it or it is released. */
export interface Tenure {
  readonly run: Run;
  readonly fence: number;
  /** In elapsed milliseconds. */
  readonly since: number;
}

/** How a tenure ended: the shard was given up, or another process took it. */
export type TenureEnd = "released" | "taken";

export interface TenureWatcher {
  ended(tenure: Tenure, how: TenureEnd): void;
}

export interface Tenures {
  /** Owner of the lane of an endpoint; `null`: none. */
  of(endpointId: number): Tenure | null;
  /** A process starts. */
  began(run: Run): void;
}

/** One process at a time owns all lanes, as long as it runs. */
export class SoleTenure implements Tenures {
  #tenure: Tenure | null = null;

  of(): Tenure | null {
    return this.#tenure;
  }

  began(run: Run): void {
    this.#tenure = { run, fence: 0, since: run.startedAt };
  }
}

/** The shards of several processes. */
export class ShardTenures implements Tenures, CoordinationWatcher {
  readonly shards: (Tenure | null)[] = Array.from({ length: SHARDS }, () => null);
  readonly #now: () => number;
  readonly #watcher: TenureWatcher;
  readonly #runs = new Map<string, Run>();

  constructor(now: () => number, watcher: TenureWatcher) {
    this.#now = now;
    this.#watcher = watcher;
  }

  of(endpointId: number): Tenure | null {
    return this.shards[shardOf(endpointId)]!;
  }

  began(run: Run): void {
    this.#runs.set(hostOf(run), run);
  }

  took(host: string, { shard, fence }: Lease): void {
    const before = this.shards[shard]!;
    this.shards[shard] = { run: this.#runs.get(host)!, fence, since: this.#now() };
    if (before !== null) this.#watcher.ended(before, "taken");
  }

  released(_host: string, shard: number): void {
    const before = this.shards[shard]!;
    this.shards[shard] = null;
    if (before !== null) this.#watcher.ended(before, "released");
  }
}

/** Host name of a process in the cluster. */
export function hostOf({ number }: Run): string {
  return `run-${number}`;
}
