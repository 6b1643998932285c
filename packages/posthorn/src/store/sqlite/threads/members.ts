/**
 * Membership of the threads of a process and ownership of shards, in the memory of the writer thread.
 *
 * It needs no tables: it begins with the process and ends with it. Memberships do not expire, because the threads of a process run on one
 * machine: one that is busy for a long time keeps its shards, like the only thread of a process. The end of its port ends its membership.
 */
import type { ClusterNode, ClusterShard, Membership, NodeReport } from "../../cluster.ts";
import type { Lease } from "../../delivery.ts";
import { freeSlot } from "../../membership-slots.ts";
import { SHARDS } from "../../shards.ts";
import type { ThreadFacts } from "../protocol.ts";

interface Member {
  readonly membership: Membership;
  readonly facts: ThreadFacts;
  readonly startedAt: number;
  seenAt: number;
  report: NodeReport;
}

interface Shard {
  readonly shard: number;
  fence: number;
  nodeId: number | null;
}

/** What earlier runs have left in the database. A new member must not be mistaken for one of theirs. */
export interface EarlierRun {
  /** Greatest ID of a node that a row names. */
  readonly nodeId: number;
  /** Key up to which rows were counted. */
  readonly counted: number;
}

export class Members {
  readonly #members = new Map<number, Member>();
  readonly #shards: readonly Shard[] = Array.from({ length: SHARDS }, (_, shard) => ({
    shard,
    fence: 0,
    nodeId: null,
  }));
  #lastId = 0;
  /** Key up to which any member has settled, including those that have left. */
  #settled = 0;

  /** @param random A number from 0 to below 1. */
  join(facts: ThreadFacts, earlier: EarlierRun, random = Math.random()): Membership {
    const now = Date.now();
    const taken = [...this.#members.values()].map((member) => ({
      slot: member.membership.slot,
      host: member.facts.host,
      secretsMark: member.facts.secretsMark,
      live: true,
    }));
    this.#lastId = Math.max(this.#lastId, earlier.nodeId) + 1;
    const keysFrom = Math.max(this.#settled, earlier.counted) + 1;
    const membership = { id: this.#lastId, slot: freeSlot(taken, random), keysFrom };
    const settled = { messages: keysFrom - 1, attempts: keysFrom - 1 };
    const report = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled };
    this.#members.set(membership.id, { membership, facts, startedAt: now, seenAt: now, report });
    return membership;
  }

  /** False: it has left. */
  renew(nodeId: number, report: NodeReport): boolean {
    const member = this.#members.get(nodeId);
    if (member === undefined) return false;
    this.#settled = Math.max(this.#settled, report.settled.messages, report.settled.attempts);
    Object.assign(member, { seenAt: Date.now(), report });
    return true;
  }

  nodes(): readonly ClusterNode[] {
    return [...this.#members.values()].map(({ membership, facts, startedAt, seenAt, report }) => ({
      id: membership.id,
      host: facts.host,
      thread: facts.thread ?? null,
      version: facts.version,
      kinds: facts.kinds,
      startedAt,
      seenAt,
      leaseMs: Infinity,
      report,
    }));
  }

  shards(): readonly ClusterShard[] {
    return this.#shards.map((row) => ({ ...row }));
  }

  /** Takes the shards among these that have no owner. */
  take(nodeId: number, shards: readonly number[]): readonly Lease[] {
    if (!this.#members.has(nodeId)) return [];
    const free = this.#shards.filter((row) => shards.includes(row.shard) && row.nodeId === null);
    return free.map((row) => {
      row.nodeId = nodeId;
      row.fence++;
      return { shard: row.shard, fence: row.fence };
    });
  }

  release(nodeId: number, shards: readonly number[]): void {
    for (const row of this.#shards) {
      if (row.nodeId !== nodeId || !shards.includes(row.shard)) continue;
      row.nodeId = null;
      row.fence++;
    }
  }

  /** Ends a membership, and with it all leases. */
  leave(nodeId: number): void {
    this.#members.delete(nodeId);
    this.release(
      nodeId,
      this.#shards.map(({ shard }) => shard),
    );
  }

  holds({ shard, fence }: Lease): boolean {
    const row = this.#shards[shard];
    return row !== undefined && row.nodeId !== null && row.fence === fence;
  }
}
