import { describe, expect, it } from "vitest";
import type { ClusterNode } from "../store/cluster.ts";
import type { KindView } from "./kinds.ts";
import { planFor } from "./plan.ts";

const SHARDS = 64;
const CLIENTS = ["kafka", "mqtt"];

interface NodeState {
  readonly id: number;
  readonly missing?: readonly string[] | null;
  readonly draining?: boolean;
}

type Kinds = Readonly<Record<number, readonly string[]>>;

/** A cluster whose nodes follow their plans, one after the other, until nothing moves. */
class PlannedCluster {
  readonly owners = new Map<number, number | null>(Array.from({ length: SHARDS }, (_, shard) => [shard, null]));
  nodes: readonly NodeState[] = [];
  kinds: Kinds = {};
  moves = 0;

  settle(nodes: readonly NodeState[], kinds: Kinds = {}): this {
    [this.nodes, this.kinds] = [nodes, kinds];
    for (let round = 0; round < 50; round++) {
      const before = JSON.stringify([...this.owners]);
      for (const { id } of nodes) this.#follow(id);
      if (JSON.stringify([...this.owners]) === before) return this;
    }
    throw new Error("the nodes do not stop moving shards");
  }

  has(id: number): number {
    return [...this.owners.values()].filter((owner) => owner === id).length;
  }

  #follow(id: number): void {
    const { take, release, surplus } = planFor(this.#view(), id);
    for (const shard of take) this.#move(shard, id);
    const own = [...this.owners].filter(([, owner]) => owner === id).map(([shard]) => shard);
    for (const shard of [...release, ...own.slice(0, surplus)]) this.#move(shard, null);
  }

  #move(shard: number, owner: number | null): void {
    if (this.owners.get(shard) !== null && owner !== null) throw new Error(`shard ${shard} has an owner`);
    this.owners.set(shard, owner);
    this.moves++;
  }

  #view(): KindView {
    const shards = [...this.owners].map(([shard, nodeId]) => ({ shard, nodeId, fence: 1 }));
    const kinds = new Map(Object.entries(this.kinds).map(([shard, names]) => [Number(shard), new Set(names)]));
    return { at: 0, nodes: this.nodes.map(nodeOf), shards, kinds };
  }
}

function nodeOf({ id, missing = [], draining = false }: NodeState): ClusterNode {
  const report = { draining, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } };
  const facts = { host: "here", thread: null, version: "1", startedAt: 0, seenAt: 0 };
  const kinds = missing === null ? null : CLIENTS.filter((kind) => !missing.includes(kind));
  return { id, ...facts, leaseMs: 6000, kinds, report };
}

describe("a plan", () => {
  it("gives the shards of a kind to a node that can send to it, and keeps the shares even", () => {
    const cluster = new PlannedCluster().settle([{ id: 1, missing: ["kafka"] }, { id: 2 }]);
    expect([cluster.has(1), cluster.has(2)]).toEqual([32, 32]);
    const [own, other] = [ownedBy(cluster, 1), ownedBy(cluster, 2)];
    const kinds = { [own[0]!]: ["kafka"], [own[1]!]: ["kafka", "mqtt"], [own[2]!]: ["mqtt"], [other[0]!]: ["kafka"] };
    cluster.settle(cluster.nodes, kinds);
    for (const shard of [own[0]!, own[1]!, other[0]!]) expect(cluster.owners.get(shard)).toBe(2);
    expect(cluster.owners.get(own[2]!)).toBe(1);
    expect([cluster.has(1), cluster.has(2)]).toEqual([32, 32]);
  });

  it("moves no shard if every node can send to the kinds in use, or none can", () => {
    const cluster = new PlannedCluster().settle([
      { id: 1, missing: ["kafka"] },
      { id: 2, missing: ["kafka"] },
    ]);
    const { moves } = cluster;
    cluster.settle(cluster.nodes, { 0: ["kafka"], 1: ["kafka"] });
    cluster.settle([{ id: 1, missing: ["mqtt"] }, { id: 2 }], {});
    expect(cluster.moves).toBe(moves);
  });

  it("leaves only the shards that it can own to a node without any client", () => {
    const kinds = Object.fromEntries(Array.from({ length: 60 }, (_, shard) => [shard, ["kafka"]]));
    const nodes = [{ id: 1, missing: ["kafka"] }, { id: 2, missing: ["kafka"] }, { id: 3 }];
    const cluster = new PlannedCluster().settle(nodes, kinds);
    expect([cluster.has(1), cluster.has(2), cluster.has(3)]).toEqual([2, 2, 60]);
  });

  it("gives every shard an owner, which changes back when the node with the client has gone", () => {
    const kinds = { 0: ["kafka"], 1: ["kafka"], 2: ["mqtt"], 3: ["mqtt"], 4: ["kafka", "mqtt"] };
    const [noKafka, noMqtt] = [
      { id: 1, missing: ["kafka"] },
      { id: 2, missing: ["mqtt"] },
    ];
    const cluster = new PlannedCluster().settle([noKafka, noMqtt], kinds);
    expect([0, 1, 2, 3].map((shard) => cluster.owners.get(shard))).toEqual([2, 2, 1, 1]);
    expect([...cluster.owners.values()]).not.toContain(null);
    cluster.settle([{ ...noMqtt, draining: true }, noKafka], kinds);
    expect(cluster.has(1)).toBe(SHARDS);
  });

  it("gives a shard to the node with one of two clients if no node has the other", () => {
    const nodes = [
      { id: 1, missing: CLIENTS },
      { id: 2, missing: ["mqtt"] },
    ];
    const cluster = new PlannedCluster().settle(nodes);
    const shard = ownedBy(cluster, 1)[0]!;
    cluster.settle(nodes, { [shard]: CLIENTS });
    expect(cluster.owners.get(shard)).toBe(2);
  });

  it("ignores kinds while a node of an earlier version takes part", () => {
    const cluster = new PlannedCluster().settle(
      [
        { id: 1, missing: ["kafka"] },
        { id: 2, missing: null },
      ],
      {
        0: ["kafka"],
      },
    );
    expect([...cluster.owners.values()]).not.toContain(null);
    expect([cluster.has(1), cluster.has(2)]).toEqual([32, 32]);
  });
});

function ownedBy(cluster: PlannedCluster, id: number): readonly number[] {
  return [...cluster.owners].filter(([, owner]) => owner === id).map(([shard]) => shard);
}
