import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Member, type MemberWork } from "../src/cluster/member.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, openStore, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

interface Cluster {
  readonly nodes: readonly {
    readonly id: number;
    readonly current: boolean;
    readonly state: string;
    readonly shards: number;
  }[];
  readonly shards: readonly { readonly node: number | null }[];
  readonly lagSeconds: number;
}

const folder = temporaryFolder();
let node: TestNode;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_METRICS_LISTEN: "127.0.0.1:0" } });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const cluster = async (of: TestNode): Promise<Cluster> =>
  (await new Tenant(of).call("GET", "cluster")).json as unknown as Cluster;

describe("the cluster", () => {
  it("of one node is that node, which has every shard", async () => {
    const { nodes, shards, lagSeconds } = await cluster(node);
    expect(nodes).toMatchObject([{ current: true, state: "working", shards: 64, inFlight: 0, lagSeconds: 0 }]);
    expect(shards).toHaveLength(64);
    expect(shards.every((shard) => shard.node === nodes[0]!.id)).toBe(true);
    expect(lagSeconds).toBe(0);
  });

  it("is not shown to tokens of an application", async () => {
    const tenant = new Tenant(node);
    await tenant.call("POST", "app", { name: "Test", uid: "app" });
    expect((await (await tenant.portal([])).call("GET", "cluster")).status).toBe(403);
  });

  it("is in the metrics of each node, with its own share", async () => {
    const text = await (await fetch(node.metricsUrl!)).text();
    expect(text).toMatch(/^posthorn_shards 64$/m);
    expect(text).toMatch(/^posthorn_dispatcher_lag_seconds 0$/m);
  });

  it.runIf(onPostgres)("shows a node that joins, and the one that responds", async () => {
    const another = await startNode(folder.path);
    const [one, two] = [await cluster(node), await cluster(another)];
    await another[Symbol.asyncDispose]();
    expect(one.nodes.map(({ current }) => current)).toEqual([true, false]);
    expect(two.nodes.map(({ current }) => current)).toEqual([false, true]);
    expect((await cluster(node)).nodes).toHaveLength(1);
  });
});

/** Callbacks of an idle node. */
const IDLE: MemberWork = {
  gained: async () => undefined,
  leave: async () => undefined,
  renewed: () => undefined,
  moved: () => undefined,
  report: () => ({ inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 0, attempts: 0 } }),
  inFlight: () => 0,
  announce: () => undefined,
  onError: (error) => {
    throw error;
  },
};

describe.runIf(onPostgres)("a membership slot", () => {
  it("is not used by a node whose lease has expired until it has confirmed that no other node took it", async () => {
    await using files = await openStore();
    const store = files.store.cluster!;
    let now = 0;
    const join = (): Promise<Member> =>
      Member.join({
        store,
        facts: {
          host: "here",
          version: "1",
          secretsMark: "same",
          process: null,
          kinds: [],
          hasEnded: () => false,
        },
        time: { monotonic: () => now, setTimer: () => () => undefined },
        leaseMs: 2000,
      });
    await using member = await join();
    await member.start(IDLE);
    expect(member.holdsSlot).toBe(true);
    now = 499;
    expect(member.holdsSlot).toBe(true);
    now = 500;
    expect(member.holdsSlot).toBe(false);
    await member.look();
    expect(member.holdsSlot).toBe(true);

    // Meanwhile, the other nodes consider it dead.
    now = 5000;
    const before = member.membership;
    await store.leave(before.id);
    expect(member.holdsSlot).toBe(false);
    await member.look();
    expect(member.membership.id).not.toBe(before.id);
    expect(member.holdsSlot).toBe(true);
  });
});
