import { describe, expect, it } from "vitest";
import type { ClusterNode } from "../store/cluster.ts";
import { contestedKinds, isSentTo, type KindView } from "./kinds.ts";

interface NodeState {
  readonly id: number;
  readonly kinds: readonly string[] | null;
  readonly draining?: boolean;
  readonly leaseMs?: number;
}

const SHARD = 7;

/** @param inShard Kinds of the endpoints in the shard. */
function viewOf(nodes: readonly NodeState[], owner: number | null, inShard: readonly string[] = []): KindView {
  const kinds = new Map(inShard.length === 0 ? [] : [[SHARD, new Set(inShard)]]);
  return { at: 0, nodes: nodes.map(nodeOf), shards: [{ shard: SHARD, nodeId: owner, fence: 1 }], kinds };
}

function nodeOf({ id, kinds, draining = false, leaseMs = 6000 }: NodeState): ClusterNode {
  const report = { draining, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } };
  return { id, host: "here", thread: null, version: "1", startedAt: 0, seenAt: 0, leaseMs, kinds, report };
}

const NONE: NodeState = { id: 1, kinds: [] };
const KAFKA: NodeState = { id: 2, kinds: ["kafka"] };
const MQTT: NodeState = { id: 3, kinds: ["mqtt"] };
const OLD: NodeState = { id: 4, kinds: null };

describe("an endpoint of a kind that not every node can send to", () => {
  it("is sent to if a node with its client can own the shard, although the owner lacks it", () => {
    expect(isSentTo(viewOf([NONE, KAFKA], 1, ["kafka"]), "kafka", SHARD)).toBe(true);
    expect(isSentTo(viewOf([NONE, KAFKA], 1), "kafka", SHARD)).toBe(true);
    expect(isSentTo(viewOf([NONE, MQTT], 1), "kafka", SHARD)).toBe(false);
  });

  it("is sent to only by the owner of a shard with kinds that no node has together", () => {
    const view = viewOf([KAFKA, MQTT], 2, ["kafka", "mqtt"]);
    expect([isSentTo(view, "kafka", SHARD), isSentTo(view, "mqtt", SHARD)]).toEqual([true, false]);
    expect(isSentTo(viewOf([KAFKA, MQTT], 2, ["kafka"]), "mqtt", SHARD)).toBe(false);
    expect(isSentTo(viewOf([KAFKA, MQTT, { id: 5, kinds: ["kafka", "mqtt"] }], 2, ["kafka"]), "mqtt", SHARD)).toBe(
      true,
    );
  });

  it("is not sent to by a node that is draining, or whose lease has expired", () => {
    expect(isSentTo(viewOf([NONE, { ...KAFKA, draining: true }], 1), "kafka", SHARD)).toBe(false);
    expect(isSentTo(viewOf([NONE, { ...KAFKA, draining: true }], 2), "kafka", SHARD)).toBe(false);
    expect(isSentTo(viewOf([NONE, { ...KAFKA, leaseMs: 0 }], 2), "kafka", SHARD)).toBe(false);
  });

  it("is sent to by its owner alone while a node of an earlier version takes shards", () => {
    expect(isSentTo(viewOf([NONE, KAFKA, OLD], 1), "kafka", SHARD)).toBe(false);
    expect(isSentTo(viewOf([NONE, KAFKA, OLD], 4), "kafka", SHARD)).toBe(false);
    expect(isSentTo(viewOf([NONE, KAFKA, OLD], 2), "kafka", SHARD)).toBe(true);
    expect(isSentTo(viewOf([NONE, KAFKA, { ...OLD, draining: true }], 1), "kafka", SHARD)).toBe(true);
  });

  it("can be created if a node sends to the kind", () => {
    expect(isSentTo(viewOf([NONE, KAFKA], 1), "kafka", null)).toBe(true);
    expect(isSentTo(viewOf([NONE, MQTT], 1), "kafka", null)).toBe(false);
    expect(isSentTo(viewOf([NONE, KAFKA, OLD], 1), "kafka", null)).toBe(false);
  });

  it("is unknown while no node takes shards", () => {
    expect(isSentTo(viewOf([{ ...KAFKA, draining: true }], 2), "kafka", SHARD)).toBeNull();
  });
});

describe("kinds that affect the owner of a shard", () => {
  it("are those that some nodes can send to and others cannot, even if a node does not know them", () => {
    expect(
      contestedKinds(
        viewOf(
          [
            { id: 1, kinds: ["sqs"] },
            { id: 2, kinds: ["mqtt", "sqs"] },
          ],
          null,
        ),
      ),
    ).toEqual(["mqtt"]);
  });

  it("are none if all nodes lack the same ones, if those that differ take no shards, or with an earlier version", () => {
    expect(contestedKinds(viewOf([NONE, { id: 2, kinds: [] }], null))).toEqual([]);
    expect(contestedKinds(viewOf([NONE, { ...KAFKA, draining: true }, { ...MQTT, leaseMs: 0 }], null))).toEqual([]);
    expect(contestedKinds(viewOf([NONE, KAFKA, OLD], null))).toEqual([]);
  });
});
