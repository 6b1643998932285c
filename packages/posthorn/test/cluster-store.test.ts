/**
 * Guarantees of a database that nodes share. Runs on PostgreSQL, on the simulation's database and on several seats of one SQLite database,
 * so that all behave in the same way.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KeptBatches } from "../src/dispatch/kept-batches.ts";
import type { ClusterStore, NodeReport, Membership } from "../src/store/cluster.ts";
import type { Lease } from "../src/store/delivery.ts";
import { SHARDS, shardOf } from "../src/store/shards.ts";
import type { Signal } from "../src/store/signal.ts";
import type { Store } from "../src/store/store.ts";
import { openClusterScene } from "./support/cluster-scene.ts";
import { acceptEntry, attemptRecord, deliveryOf, onSeats, successOutcome } from "./support/store.ts";
import type { ClusterScene } from "./simulation/cluster/scene.ts";
import { Random } from "./simulation/random.ts";

const LEASE_MS = 60_000;
const FACTS = {
  host: "here",
  version: "1",
  secretsMark: "same",
  process: null,
  kinds: [],
  hasEnded: () => false,
};
const REPORT: NodeReport = {
  draining: false,
  inFlight: 1,
  lanes: 2,
  lagMs: 3,
  settled: { messages: 4_000, attempts: 5_000 },
};

/** Between the threads of one process, leases do not expire, secrets do not differ and notifications do not fail. */
const betweenThreads = onSeats;

let scene: ClusterScene;
let one: Store;
let two: Store;
/** Number of messages stored so far. */
let messages = 0;

beforeAll(async () => {
  scene = await openClusterScene();
  [one, two] = scene.stores;
});

afterAll(() => scene[Symbol.asyncDispose]());

const of = (store: Store): ClusterStore => store.cluster!;
const join = (store: Store, facts: object = {}): Promise<Membership> =>
  scene.until(of(store).join({ ...FACTS, ...facts }, LEASE_MS));
const leave = (store: Store, { id }: Membership): Promise<void> => scene.until(of(store).leave(id));
const take = (
  store: Store,
  { id }: Membership,
  shards: readonly number[],
  expired: readonly Membership[] = [],
): Promise<readonly Lease[]> =>
  scene.until(
    of(store).take(
      id,
      shards,
      expired.map((member) => member.id),
    ),
  );
const release = (store: Store, { id }: Membership, shards: readonly number[]): Promise<void> =>
  scene.until(of(store).release(id, shards));

/** Runs `work` with a membership of each store, which is released at the end. */
async function seated(work: (a: Membership, b: Membership) => Promise<void>): Promise<void> {
  const memberships = [await join(one), await join(two)] as const;
  await work(...memberships);
  await leave(one, memberships[0]);
  await leave(two, memberships[1]);
}

async function accepted(): Promise<number> {
  const id = ++messages;
  await scene.until(one.accept(acceptEntry(id)));
  return id;
}

/** An outcome under a lease. */
function outcome(messageId: number, lease?: Lease): Parameters<Store["record"]>[0] {
  const attempt = attemptRecord(1000 * messageId + (lease?.fence ?? 0), { response: "ok" });
  return successOutcome(messageId, { attempt, ...(lease === undefined ? {} : { lease }) });
}

describe("membership slots", () => {
  it("have different IDs and slots, and no ID is reused", async () => {
    const [first, second] = [await join(one), await join(two)];
    expect(second.id).not.toBe(first.id);
    expect(second.slot).not.toBe(first.slot);
    await leave(two, second);
    const third = await join(two);
    expect([first.id, second.id]).not.toContain(third.id);
    expect(third.slot).not.toBe(first.slot);
    await leave(one, first);
    await leave(two, third);
  });

  it.skipIf(betweenThreads)(
    "are not given to a node with different secrets while another node exists to compare with",
    async () => {
      const membership = await join(one);
      await expect(join(two, { secretsMark: "other" })).rejects.toMatchObject({ code: "config_invalid" });
      await scene.leasesPass(2 * LEASE_MS);
      const other = await join(two, { secretsMark: "other" });
      await leave(one, membership);
      await leave(two, other);
    },
  );

  it("create keys that start where those of the others are settled", async () => {
    await seated(async (a) => {
      await scene.until(of(one).renew(a.id, LEASE_MS, REPORT));
      const third = await join(two);
      expect(third.keysFrom).toBeGreaterThan(REPORT.settled.attempts);
      await leave(two, third);
    });
  });

  it("are listed with their last report and the end of their lease", async () => {
    await seated(async (a, b) => {
      await scene.until(of(one).renew(a.id, LEASE_MS, REPORT));
      const { nodes, shards } = await scene.until(of(two).view());
      expect(nodes.map(({ id }) => id)).toEqual([a.id, b.id]);
      expect(nodes[0]).toMatchObject({ host: "here", version: "1", report: REPORT });
      expect(nodes[0]!.leaseMs).toBeGreaterThan(LEASE_MS - 30_000);
      expect(nodes[0]!.leaseMs).toBeLessThanOrEqual(betweenThreads ? Infinity : LEASE_MS);
      expect(shards.map(({ shard }) => shard)).toEqual(Array.from({ length: SHARDS }, (_, shard) => shard));
    });
  });

  it("see the same cluster when they renew their membership as when they only look at it", async () => {
    await seated(async (a) => {
      const [shard] = await take(one, a, [3]);
      const renewed = await scene.until(of(one).renew(a.id, LEASE_MS, REPORT));
      const seen = await scene.until(of(two).view());
      expect(renewed!.nodes.map(({ id, report }) => ({ id, report }))).toEqual(
        seen.nodes.map(({ id, report }) => ({ id, report })),
      );
      const { leaseMs } = renewed!.nodes[0]!;
      // The statement reads the clock twice, and the next millisecond may begin in between.
      const isRenewed = betweenThreads ? leaseMs === Infinity : Math.abs(LEASE_MS - leaseMs) < 1000;
      expect(isRenewed).toBe(true);
      expect(renewed!.shards).toEqual(seen.shards);
      expect(renewed!.shards[3]).toEqual({ ...shard, nodeId: a.id });
    });
  });

  it.skipIf(betweenThreads)("can be renewed after their lease expired, until another node removes them", async () => {
    await seated(async (a, b) => {
      await scene.leasesPass(2 * LEASE_MS);
      expect(await scene.until(of(one).renew(a.id, LEASE_MS, REPORT))).not.toBeNull();
      // Its lease is valid again.
      await take(two, b, [], [a]);
      expect(await scene.until(of(one).renew(a.id, LEASE_MS, REPORT))).not.toBeNull();
      await scene.leasesPass(2 * LEASE_MS);
      await take(two, b, [], [a]);
      expect(await scene.until(of(one).renew(a.id, LEASE_MS, REPORT))).toBeNull();
      expect((await scene.until(of(two).view())).nodes.map(({ id }) => id)).toEqual([b.id]);
    });
  });
});

describe("shards", () => {
  it("are given to one of several concurrent requesters", async () => {
    await seated(async (a, b) => {
      const wanted = [3, 4, 5];
      const both = Promise.all([of(one).take(a.id, wanted, []), of(two).take(b.id, wanted, [])]);
      const [mine, yours] = await scene.until(both);
      expect(new Set([...mine, ...yours].map(({ shard }) => shard))).toEqual(new Set(wanted));
      expect(mine.length + yours.length).toBe(wanted.length);
      const { shards } = await scene.until(of(one).view());
      for (const { shard } of mine) expect(shards[shard]).toMatchObject({ nodeId: a.id });
      for (const { shard } of yours) expect(shards[shard]).toMatchObject({ nodeId: b.id });
    });
  });

  it("get a greater fence with each change of owner", async () => {
    await seated(async (a, b) => {
      const [first] = await take(one, a, [7]);
      await release(one, a, [7]);
      const [second] = await take(two, b, [7]);
      expect(second!.fence).toBeGreaterThan(first!.fence);
      expect(await take(one, a, [7])).toEqual([]);
      // A shard of the other node.
      await release(one, a, [7]);
      expect((await scene.until(of(one).view())).shards[7]).toEqual({ ...second, nodeId: b.id });
    });
  });

  it.skipIf(betweenThreads)(
    "of a node that left, or that was removed after its lease expired, can be taken by others, and not before",
    async () => {
      const a = await join(one);
      const b = await join(two);
      await take(one, a, [1, 2]);
      await scene.until(of(two).renew(b.id, 10 * LEASE_MS, REPORT));
      expect(await take(two, b, [1], [a])).toEqual([]);
      await scene.leasesPass(2 * LEASE_MS);
      expect(await take(two, b, [1])).toEqual([]);
      expect((await take(two, b, [1], [a])).map(({ shard }) => shard)).toEqual([1]);
      await leave(two, b);
      const c = await join(one);
      expect((await take(one, c, [1, 2])).map(({ shard }) => shard)).toEqual(expect.arrayContaining([1, 2]));
      await leave(one, c);
    },
  );

  it.skipIf(betweenThreads)(
    "of a node whose process has exited can be taken as soon as another node joins, and those of other nodes cannot",
    async () => {
      const killed = await join(one, { process: "killed" });
      const living = await join(one, { process: "living" });
      const unknown = await join(one);
      await take(one, killed, [1]);
      await take(one, living, [2]);
      await take(one, unknown, [3]);
      const next = await join(two, { process: "next", hasEnded: (process: string) => process === "killed" });
      expect(next.slot).not.toBe(killed.slot);
      const taken = await take(two, next, [1, 2, 3], [living, unknown]);
      expect(taken.map(({ shard }) => shard)).toEqual([1]);
      expect(await scene.until(of(one).renew(killed.id, LEASE_MS, REPORT))).toBeNull();
      for (const member of [living, unknown, next]) await leave(two, member);
    },
  );

  it.skipIf(betweenThreads)("are not given to a node that was removed as dead", async () => {
    await seated(async (a, b) => {
      await scene.leasesPass(2 * LEASE_MS);
      await scene.until(of(two).renew(b.id, LEASE_MS, REPORT));
      await take(two, b, [], [a]);
      expect(await take(one, a, [9])).toEqual([]);
    });
  });
});

describe("endpoints of kinds that some nodes cannot send to", () => {
  const insert = async (rows: readonly { id: number; kind: string; deletedAt?: number }[]): Promise<void> => {
    const none = { uid: null, throttle_rate: null, event_types_json: null, channels_json: null };
    const same = { ...none, headers_sealed: null, egress_sealed: null, metadata_json: "{}", app_id: 1, version: 1 };
    const times = { created_at: 1, updated_at: 1 };
    const endpoints = rows.map(({ id, kind, deletedAt = null }) => ({
      ...same,
      ...times,
      id,
      kind,
      public_id: `ep_${id}`,
      url: "https://example.com",
      description: "",
      disabled: 0,
      deleted_at: deletedAt,
    }));
    await scene.until(one.transaction(({ db }) => db.insertInto("endpoint").values(endpoints).execute()));
  };

  it("are found by the shard of each, at most once for each kind, without those that were deleted", async () => {
    const random = new Random(1, "endpoint keys");
    const kafka = Array.from({ length: 300 }, () => random.int(2 ** 20, Number.MAX_SAFE_INTEGER));
    const [mqtt, deleted, unasked] = [2 ** 32 + 7, 2 ** 40 + 1, 2 ** 33 + 5];
    await insert([
      ...kafka.map((id) => ({ id, kind: "kafka" })),
      { id: mqtt, kind: "mqtt" },
      { id: deleted, kind: "mqtt", deletedAt: 2 },
      { id: unasked, kind: "sqs" },
    ]);
    const found = await scene.until(of(two).kindsByShard(["kafka", "mqtt", "http"]));
    const pairs = [...found].flatMap(([shard, kinds]) => [...kinds].map((kind) => `${kind} ${shard}`));
    const expected = new Set([...kafka.map((id) => `kafka ${shardOf(id)}`), `mqtt ${shardOf(mqtt)}`]);
    expect(pairs.toSorted()).toEqual([...expected].toSorted());
  });
});

describe("fences", () => {
  it("let the owner of a shard record outcomes, and reject the previous owner without writing anything", async () => {
    await seated(async (a, b) => {
      const [old] = await take(one, a, [11]);
      const [first, second] = [await accepted(), await accepted()];
      await scene.until(one.record(outcome(first, old)));
      expect(await scene.until(deliveryOf(one, first))).toMatchObject({ state: 1, attempts: 1 });
      await release(one, a, [11]);
      const late = scene.until(one.record(outcome(second, old)));
      await expect(late).rejects.toMatchObject({ code: "shard_lost" });
      const [next] = await take(two, b, [11]);
      await expect(scene.until(one.record(outcome(second, old)))).rejects.toMatchObject({ code: "shard_lost" });
      expect(await scene.until(deliveryOf(two, second))).toMatchObject({ state: 0, attempts: 0 });
      await scene.until(two.record(outcome(second, next)));
      const made = one.db.selectFrom("attempt").select("id").where("message_id", "=", second).execute();
      expect(await scene.until(made)).toEqual([{ id: 1000 * second + next!.fence }]);
    });
  });

  it("reject one outcome of a batch, and not the others", async () => {
    await seated(async (a) => {
      const [held] = await take(one, a, [12]);
      const lost = { shard: 13, fence: -1 };
      const ids = [await accepted(), await accepted(), await accepted(), await accepted()];
      const leases = [held, lost, undefined, held];
      const done = Promise.allSettled(ids.map((id, index) => one.record(outcome(id, leases[index]))));
      const results = await scene.until(done);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      const states = await Promise.all(ids.map((id) => scene.until(deliveryOf(two, id))));
      expect(states.map((delivery) => delivery!.state)).toEqual([1, 0, 1, 1]);
    });
  });
});

describe("stored batches", () => {
  it.skipIf(betweenThreads)(
    "are read by the next owner of the shard, and the previous owner can neither store, delete nor record one",
    async () => {
      await seated(async (a, b) => {
        const ids = [await accepted(), await accepted(), await accepted()];
        const [old] = await take(one, a, [21]);
        const kept = new KeptBatches(one.batches, 1);
        await scene.until(kept.load());
        const batch = await scene.until(kept.keep(9001, ids, old));
        // From here on, node A is frozen, and does not know that its lease has expired.
        await scene.leasesPass(2 * LEASE_MS);
        await scene.until(of(two).renew(b.id, LEASE_MS, REPORT));
        const [next] = await take(two, b, [21], [a]);
        const found = new KeptBatches(two.batches, 1);
        await scene.until(found.load());
        expect(ids.map((id) => found.batchOf(id))).toEqual([batch, batch, batch]);
        expect(
          (await scene.until(two.batches.members(1, ids))).map(({ messageId }) => messageId).toSorted((x, y) => x - y),
        ).toEqual(ids);
        await expect(scene.until(one.batches.keep({ ...batch, id: 9002 }, old, [9001]))).rejects.toMatchObject({
          code: "shard_lost",
        });
        expect(await scene.until(two.batches.list(1))).toEqual([batch]);
        const late = one.recordAll(ids.map((id) => outcome(id, old)));
        await expect(scene.until(late)).rejects.toMatchObject({ code: "shard_lost" });
        await scene.until(two.recordAll(ids.map((id) => outcome(id, next))));
        for (const id of ids) expect(await scene.until(deliveryOf(one, id))).toMatchObject({ state: 1, attempts: 1 });
        await scene.until(two.batches.keep({ ...batch, id: 9003 }, next, [9001]));
        expect((await scene.until(one.batches.list(1))).map(({ id }) => id)).toEqual([9003]);
      });
    },
  );
});

describe("signals", () => {
  const heard: { readonly at: Store; readonly signal: Signal }[] = [];
  const heardAt = (store: Store): Signal[] => heard.filter(({ at }) => at === store).map(({ signal }) => signal);

  beforeAll(() => {
    for (const store of scene.stores) {
      store.onSignal((signals) => heard.push(...signals.map((signal) => ({ at: store, signal }))));
    }
  });

  it("of a transaction reach every node when it commits, and no node when it fails", async () => {
    const failed = one.transaction(async ({ signal }) => {
      signal({ kind: "wake", endpointId: 1 });
      throw new Error("taken back");
    });
    await expect(scene.until(failed)).rejects.toThrow("taken back");
    const revoked: Signal = { kind: "revoke", deliveries: [{ messageId: 7, endpointId: 8 }] };
    await scene.until(one.transaction(async ({ signal }) => signal({ kind: "wake", endpointId: 2 }, revoked)));
    const told = [{ kind: "wake", endpointId: 2 }, revoked];
    await scene.eventually(() => expect(heardAt(two)).toEqual(told));
    expect(heardAt(one)).toEqual(told);
  });

  it("outside of a transaction reach only the other nodes", async () => {
    heard.length = 0;
    const due = (from: number | null): Signal => ({ kind: "due", endpointIds: [3, 4], from });
    for (const from of [1767572204782, null]) {
      heard.length = 0;
      one.signal(due(from));
      await scene.eventually(() => expect(heardAt(two)).toEqual([due(from)]));
      expect(heardAt(one)).toEqual([]);
    }
  });

  it.skipIf(betweenThreads)(
    "are reported as missed when the connection breaks, and are received again afterwards",
    async () => {
      const hearing: boolean[][] = scene.stores.map((store) => {
        const changes: boolean[] = [];
        of(store).onNotificationState(() => {
          // A starting node sets its listener when the connection may already be broken.
          if (changes.length === 0) of(store).onNotificationState((up) => changes.push(up));
        });
        return changes;
      });
      await scene.breakLinks();
      await scene.eventually(() => {
        for (const changes of hearing) expect(changes).toEqual([false, true]);
      });
      heard.length = 0;
      two.signal({ kind: "tokens" });
      await scene.eventually(() => expect(heardAt(one)).toEqual([{ kind: "tokens" }]));
    },
  );
});
