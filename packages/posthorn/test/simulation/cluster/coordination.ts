/**
 * Nodes and shard owners on the simulated database: an in-memory version of `PostgresCluster` and the function `holds`. The same
 * tests cover both: `test/cluster-store.test.ts`.
 */
import type { ClusterNode, ClusterShard, NodeFacts, NodeReport, Membership } from "../../../src/store/cluster.ts";
import type { Lease } from "../../../src/store/delivery.ts";
import { checkSecrets, freeSlot } from "../../../src/store/membership-slots.ts";
import { SHARDS } from "../../../src/store/shards.ts";

interface NodeRow {
  readonly id: number;
  readonly slot: number;
  readonly facts: NodeFacts;
  readonly startedAt: number;
  seenAt: number;
  leasedUntil: number;
  report: NodeReport;
}

interface ShardRow {
  readonly shard: number;
  fence: number;
  nodeId: number | null;
}

/** Receives each change of owner when it is committed. `host`: host name of the node from when it joined. */
export interface CoordinationWatcher {
  took(host: string, lease: Lease): void;
  released(host: string, shard: number): void;
}

const NOTHING: NodeReport = {
  draining: false,
  inFlight: 0,
  lanes: 0,
  lagMs: 0,
  settled: { messages: 0, attempts: 0 },
};

/** Its multiples modulo 1 are evenly spread: membership slots look random, but are the same in each run of a seed. */
const GOLDEN = 0.618_033_988_75;

export class Coordination {
  readonly #now: () => number;
  readonly #watcher: CoordinationWatcher | null;
  readonly #nodes = new Map<number, NodeRow>();
  readonly #shards: readonly ShardRow[] = Array.from({ length: SHARDS }, (_, shard) => ({
    shard,
    fence: 0,
    nodeId: null,
  }));
  #lastId = 0;

  /** @param now The clock of the database, Unix milliseconds. */
  constructor(now: () => number, watcher: CoordinationWatcher | null = null) {
    this.#now = now;
    this.#watcher = watcher;
  }

  join(facts: NodeFacts, leaseMs: number): Membership {
    const now = this.#now();
    const rows = [...this.#nodes.values()];
    const ended = rows.filter(({ facts: other }) => other.process !== null && facts.hasEnded(other.process));
    const others = rows.map((row) => ({
      slot: row.slot,
      host: row.facts.host,
      secretsMark: row.facts.secretsMark,
      live: row.leasedUntil > now && !ended.includes(row),
    }));
    const slot = freeSlot(others, (this.#lastId * GOLDEN) % 1);
    checkSecrets(facts, others);
    for (const row of ended) this.#nodes.delete(row.id);
    const id = ++this.#lastId;
    const settled = rows.map(({ report }) => Math.max(report.settled.messages, report.settled.attempts));
    this.#nodes.set(id, {
      id,
      slot,
      facts,
      startedAt: now,
      seenAt: now,
      leasedUntil: now + leaseMs,
      report: NOTHING,
    });
    return { id, slot, keysFrom: Math.max(0, ...settled) + 1 };
  }

  renew(nodeId: number, leaseMs: number, report: NodeReport): boolean {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return false;
    const now = this.#now();
    Object.assign(node, { seenAt: now, leasedUntil: now + leaseMs, report });
    return true;
  }

  nodes(): readonly ClusterNode[] {
    const now = this.#now();
    return [...this.#nodes.values()].map(
      ({ id, facts: { host, version, kinds }, startedAt, seenAt, leasedUntil, report }) => ({
        id,
        host,
        thread: null,
        version,
        startedAt,
        seenAt,
        leaseMs: leasedUntil - now,
        kinds,
        report,
      }),
    );
  }

  shards(): readonly ClusterShard[] {
    return this.#shards.map((row) => ({ ...row }));
  }

  take(nodeId: number, shards: readonly number[], expired: readonly number[]): readonly Lease[] {
    const now = this.#now();
    for (const id of expired) if ((this.#nodes.get(id)?.leasedUntil ?? now) < now) this.#nodes.delete(id);
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return [];
    const free = this.#shards.filter(({ shard, nodeId: owner }) => shards.includes(shard) && !this.#isThere(owner));
    return free.map((row) => {
      row.nodeId = nodeId;
      row.fence++;
      const lease = { shard: row.shard, fence: row.fence };
      this.#watcher?.took(node.facts.host, lease);
      return lease;
    });
  }

  release(nodeId: number, shards: readonly number[]): void {
    for (const row of this.#shards) {
      if (row.nodeId !== nodeId || !shards.includes(row.shard)) continue;
      row.nodeId = null;
      row.fence++;
      const node = this.#nodes.get(nodeId);
      if (node !== undefined) this.#watcher?.released(node.facts.host, row.shard);
    }
  }

  leave(nodeId: number): void {
    this.#nodes.delete(nodeId);
  }

  holds({ shard, fence }: Lease): boolean {
    return this.#shards[shard]?.fence === fence;
  }

  #isThere(nodeId: number | null): boolean {
    return nodeId !== null && this.#nodes.has(nodeId);
  }
}
