/** Owners of the lanes, and since when, according to the commits. */
import type { Lease } from "../../src/store/delivery.ts";
import { SHARDS, shardOf } from "../../src/store/shards.ts";
import type { CoordinationWatcher } from "./cluster/coordination.ts";
import type { Run } from "./run.ts";

/** Period in which one process owns a shard: from taking it until another process takes it or it is released. */
export interface Ownership {
  readonly run: Run;
  readonly fence: number;
  /** In elapsed milliseconds. */
  readonly since: number;
}

/** How an ownership ended: the shard was given up, or another process took it. */
export type OwnershipEnd = "released" | "taken";

export interface OwnershipWatcher {
  ended(ownership: Ownership, how: OwnershipEnd): void;
}

export interface Owners {
  /** Owner of the lane of an endpoint; `null`: none. */
  of(endpointId: number): Ownership | null;
  /** A process starts. */
  began(run: Run): void;
}

/** One process at a time owns all lanes, as long as it runs. */
export class SoleOwner implements Owners {
  #ownership: Ownership | null = null;

  of(): Ownership | null {
    return this.#ownership;
  }

  began(run: Run): void {
    this.#ownership = { run, fence: 0, since: run.startedAt };
  }
}

/** The shards of several processes. */
export class ShardOwners implements Owners, CoordinationWatcher {
  readonly shards: (Ownership | null)[] = Array.from({ length: SHARDS }, () => null);
  readonly #now: () => number;
  readonly #watcher: OwnershipWatcher;
  readonly #runs = new Map<string, Run>();

  constructor(now: () => number, watcher: OwnershipWatcher) {
    this.#now = now;
    this.#watcher = watcher;
  }

  of(endpointId: number): Ownership | null {
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
