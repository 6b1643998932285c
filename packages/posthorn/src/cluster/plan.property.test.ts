/** Nodes that follow their plans at the same time, with outdated views and slow hand-overs, while nodes and endpoints change. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contestedKinds, type KindView } from "./kinds.ts";
import { planFor } from "./plan.ts";
import type { ClusterNode, ClusterShard } from "../store/cluster.ts";
import { Random } from "../../test/simulation/random.ts";

const SHARDS = 12;
const KINDS = ["kafka", "mqtt", "amqp"];
/** Maximum age of a view in rounds. */
const MAX_AGE = 3;
/** Rounds until the attempts in flight of a shard have ended. */
const MAX_HAND_OVER = 6;
const CHANGES = 30;
/** Rounds after the last change within which the shards must have stopped moving. */
const SETTLED_AFTER = 80;

interface Member {
  node: ClusterNode;
  /** Shards that it is releasing, with the round in which their last attempt ends. */
  readonly leaving: Map<number, number>;
}

/** The rules of `Member`: a shard is acquired only if it is free, and a shard that is being released is not kept. */
class ChangingCluster {
  readonly #random: Random;
  readonly #members = new Map<number, Member>();
  readonly #owners = new Map<number, number | null>(Array.from({ length: SHARDS }, (_, shard) => [shard, null]));
  readonly #kinds = new Map<number, ReadonlySet<string>>();
  readonly #views: KindView[] = [];
  #round = 0;
  #lastId = 0;
  moves = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, "changing cluster");
  }

  get isQuiet(): boolean {
    return [...this.#members.values()].every(({ leaving }) => leaving.size === 0);
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  ownerOf(shard: number): ClusterNode | null {
    return this.#members.get(this.#owners.get(shard) ?? 0)?.node ?? null;
  }

  kindsOf(shard: number): readonly string[] {
    return [...(this.#kinds.get(shard) ?? [])];
  }

  /** A node joins, leaves, drains, or comes back with other packages; or an endpoint is created or deleted. */
  change(): void {
    const random = this.#random;
    const change = random.int(0, 9);
    const ids = [...this.#members.keys()];
    if (ids.length === 0 || (change === 0 && ids.length < 5)) this.#join();
    else if (change === 1) this.#leave(random.pick(ids));
    else if (change === 2) this.#drain(random.pick(ids));
    else this.#kinds.set(random.int(0, SHARDS - 1), new Set(KINDS.filter(() => random.chance(0.3))));
  }

  /** Removes draining nodes and makes sure that one is left, so that the rest is expected to settle. */
  calm(): void {
    for (const { node } of this.members) if (node.report.draining) this.#leave(node.id);
    if (this.#members.size === 0) this.#join();
  }

  /** All nodes act at the same time, each on a view of a different age. */
  round(): void {
    this.#round++;
    this.#views.push(this.#view());
    if (this.#views.length > MAX_AGE) this.#views.shift();
    const plans = this.members.map((member) => {
      const known = this.#views.filter(({ nodes }) => nodes.some(({ id }) => id === member.node.id));
      const view = this.#random.pick(known);
      const isOld = member.node.kinds === null;
      // A node of an earlier version plans without kinds.
      return { member, plan: planFor(isOld ? { ...view, kinds: new Map() } : view, member.node.id) };
    });
    for (const { member, plan } of plans) {
      for (const shard of plan.take) this.#take(shard, member);
      if (member.node.report.draining) continue;
      this.#giveUp(member, plan.release);
      const more = plan.surplus - member.leaving.size;
      if (more > 0) this.#giveUp(member, this.#keptBy(member).slice(0, more));
    }
    for (const { leaving } of this.members) {
      for (const [shard, end] of leaving) {
        if (end > this.#round) continue;
        leaving.delete(shard);
        this.#owners.set(shard, null);
      }
    }
  }

  #join(): void {
    const id = ++this.#lastId;
    const report = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } };
    const kinds = this.#random.chance(0.1) ? null : KINDS.filter(() => this.#random.chance(0.6));
    const facts = { host: "here", thread: null, version: "1", startedAt: 0, seenAt: 0 };
    const node = { id, ...facts, leaseMs: 6000, kinds, report };
    this.#members.set(id, { node, leaving: new Map() });
  }

  #leave(id: number): void {
    this.#members.delete(id);
    for (const [shard, owner] of this.#owners) if (owner === id) this.#owners.set(shard, null);
  }

  #drain(id: number): void {
    const member = this.#members.get(id)!;
    member.node = { ...member.node, report: { ...member.node.report, draining: true } };
    this.#giveUp(member, this.#keptBy(member));
  }

  #take(shard: number, { node }: Member): void {
    if (this.#owners.get(shard) !== null) return;
    this.#owners.set(shard, node.id);
    this.moves++;
  }

  #giveUp(member: Member, shards: readonly number[]): void {
    const kept = new Set(this.#keptBy(member));
    for (const shard of shards) {
      if (kept.has(shard)) member.leaving.set(shard, this.#round + this.#random.int(0, MAX_HAND_OVER));
    }
  }

  #keptBy({ node, leaving }: Member): readonly number[] {
    return [...this.#owners]
      .filter(([shard, owner]) => owner === node.id && !leaving.has(shard))
      .map(([shard]) => shard);
  }

  #view(): KindView {
    const shards: readonly ClusterShard[] = [...this.#owners].map(([shard, nodeId]) => ({ shard, nodeId, fence: 1 }));
    const view = { at: 0, nodes: this.members.map(({ node }) => node), shards };
    const contested = new Set(contestedKinds(view));
    const kinds = [...this.#kinds].map(
      ([shard, all]) => [shard, new Set([...all].filter((kind) => contested.has(kind)))] as const,
    );
    return { ...view, kinds: new Map(kinds.filter(([, some]) => some.size > 0)) };
  }
}

/** The kinds that a node must support to own the shard: those in the shard that any node supports. */
function canServe(cluster: ChangingCluster, { kinds }: ClusterNode, shard: number): boolean {
  const sendable = new Set(cluster.members.flatMap(({ node }) => node.kinds ?? []));
  return cluster.kindsOf(shard).every((kind) => !sendable.has(kind) || kinds?.includes(kind));
}

function settle(seed: number, changes: number): ChangingCluster {
  const cluster = new ChangingCluster(seed);
  for (let index = 0; index < changes; index++) {
    cluster.change();
    cluster.round();
  }
  cluster.calm();
  for (let index = 0; index < SETTLED_AFTER; index++) cluster.round();
  return cluster;
}

const scenes = [fc.integer(), fc.integer({ min: 1, max: CHANGES })] as const;

describe("nodes that plan with outdated views, at the same time, and hand over slowly", () => {
  it("stop moving shards once nothing changes", () => {
    fc.assert(
      fc.property(...scenes, (seed, changes) => {
        const cluster = settle(seed, changes);
        const { moves } = cluster;
        for (let index = 0; index < 2 * MAX_HAND_OVER; index++) {
          cluster.round();
          expect(cluster.isQuiet).toBe(true);
        }
        expect(cluster.moves).toBe(moves);
      }),
      { numRuns: 150 },
    );
  });

  it("give each shard an owner, which can send to all its kinds if a node can", () => {
    fc.assert(
      fc.property(...scenes, (seed, changes) => {
        const cluster = settle(seed, changes);
        const nodes = cluster.members.map(({ node }) => node);
        const isByKind = nodes.every(({ kinds }) => kinds !== null);
        for (let shard = 0; shard < SHARDS; shard++) {
          const owner = cluster.ownerOf(shard);
          expect(owner).not.toBeNull();
          const isServable = isByKind && nodes.some((node) => canServe(cluster, node, shard));
          expect(!isServable || canServe(cluster, owner!, shard)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
