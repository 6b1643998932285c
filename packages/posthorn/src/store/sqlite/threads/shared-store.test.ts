import { eventually } from "@posthorn/testkit";
import { CompiledQuery } from "kysely";
import { describe, expect, it } from "vitest";
import { LinkedSiblings } from "../../../../test/support/linked-siblings.ts";
import {
  acceptEntry,
  attemptRecord,
  deliveryOf,
  rowsIn,
  successOutcome,
  temporaryFolder,
} from "../../../../test/support/store.ts";
import type { NodeReport } from "../../cluster.ts";
import { leaseHeld } from "../../portable-sql.ts";
import type { Signal } from "../../signal.ts";
import { SqliteStore } from "../sqlite-store.ts";
import { Cluster } from "../../../cluster/cluster.ts";
import { IdGenerator, keyAtTime, timeOfKey } from "../../../lib/id.ts";

const FACTS = { host: "here", version: "1", secretsMark: "same", process: null, kinds: [], hasEnded: () => false };
const REPORT: NodeReport = { draining: false, inFlight: 0, lanes: 0, lagMs: 0, settled: { messages: 1, attempts: 1 } };

/** Stores on one database and one writer thread. */
async function openShared(count = 2) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const siblings = [new LinkedSiblings()];
  const path = `${folder.path}/posthorn.db`;
  const stores = [stack.use(await SqliteStore.open({ path, siblings: siblings[0]! }))];
  while (stores.length < count) {
    siblings.push(new LinkedSiblings(siblings[0]));
    stores.push(stack.use(SqliteStore.join(stores[0]!.seat(), { siblings: siblings.at(-1)! })));
  }
  return {
    one: stores[0]!,
    two: stores[1]!,
    stores,
    siblings,
    path,
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

describe("data that one thread has confirmed", () => {
  it("is visible at once to the readers of every thread, in the journal or committed", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const missing: number[] = [];
    // A single message is written to the journal, unless readers have ended short transactions before; many are committed.
    for (let id = 1; id <= 400; id++) {
      const [writer, reader] = id % 2 === 0 ? [one, two] : [two, one];
      await writer.accept(acceptEntry(id));
      if ((await reader.payload(id)) === null) missing.push(id);
    }
    expect(missing).toEqual([]);
  });

  it("is visible while a batch of another thread is still in the journal", async () => {
    await using shared = await openShared(3);
    const [one, two, three] = shared.stores as [SqliteStore, SqliteStore, SqliteStore];
    // More than four batches, so that the journal stays in use.
    for (let id = 1; id <= 60; id++) {
      const store = id % 2 === 0 ? one : two;
      await store.accept(acceptEntry(id));
      await store.record(successOutcome(id, { attempt: attemptRecord(1000 + id) }));
      if (id % 10 !== 0) continue;
      expect(await deliveryOf(three, id)).toMatchObject({ state: 1 });
      expect(await rowsIn(three, "message")).toBe(id);
    }
  });

  it("is due in every thread, even if its key is ahead of the clock", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const hourAhead = keyAtTime(Date.now() + 3_600_000);
    await one.accept(acceptEntry(hourAhead, { due: timeOfKey(hourAhead) }));
    expect(two.newestDue).toBe(one.newestDue);
    const page = await two.due(1, Date.now(), 10);
    expect(page.deliveries.map(({ messageId }) => messageId)).toEqual([hourAhead]);
  });

  it("has a smaller key than messages that another thread publishes next, regardless of the clock", async () => {
    await using shared = await openShared();
    let now = 1_764_000_000_000;
    const threads = shared.stores.map((store, slot) => ({
      store,
      ids: new IdGenerator(
        () => now,
        0,
        slot,
        { holdsSlot: true },
        () => store.newestKey,
      ),
    }));
    const keys: number[] = [];
    const publish = async (thread: number): Promise<void> => {
      const { store, ids } = threads[thread]!;
      const { key } = ids.next("msg_");
      await store.accept(acceptEntry(key));
      keys.push(key);
    };
    // The threads differ in what they publish, and each publishes more than a tick has keys for it.
    for (let n = 0; n < 200; n++) await publish(n % 3 === 0 ? 0 : 1);
    now -= 3_600_000;
    for (let n = 0; n < 20; n++) await publish(n % 3 === 0 ? 1 : 0);
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
  });
});

describe("write transactions of several threads", () => {
  it("run one after the other, so that none changes data that another has read", async () => {
    await using shared = await openShared(3);
    const add = (store: SqliteStore): Promise<void> =>
      store.transaction(async ({ db }) => {
        const { count } = await db
          .selectFrom("organisation")
          .select((eb) => eb.fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        await db
          .insertInto("organisation")
          .values({ id: count + 1, public_id: `org_${count}`, created_at: 0 })
          .execute();
      });
    await Promise.all(shared.stores.flatMap((store) => [add(store), add(store), add(store), add(store)]));
    const rows = await shared.two.db.selectFrom("organisation").select("id").execute();
    expect(rows).toHaveLength(12);
  });

  it("are confirmed once every other thread has applied their signals, and also send those of a commit that may have failed", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const heard: Signal[] = [];
    one.onSignal(() => undefined);
    two.onSignal((signals, origin) => heard.push(...(origin === "elsewhere" ? signals : [])));
    await one.transaction(async ({ signal }) => signal({ kind: "tokens" }));
    expect(heard).toEqual([{ kind: "tokens" }]);
    const failed = one.transaction(async ({ db, signal }) => {
      signal({ kind: "redaction" });
      // The transaction is gone, so its commit fails.
      await db.executeQuery(CompiledQuery.raw("ROLLBACK"));
    });
    await expect(failed).rejects.toThrow("cannot commit");
    expect(heard).toEqual([{ kind: "tokens" }, { kind: "redaction" }]);
  });
});

describe("the lock of all threads", () => {
  it("is held by one at a time, and released when the work fails", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = one.alone(() => promise);
    expect(await two.alone(() => Promise.resolve("both"))).toBeNull();
    resolve();
    await first;
    await expect(two.alone(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await one.alone(() => Promise.resolve("again"))).toBe("again");
  });
});

/** A member of the cluster without work. */
async function joinCluster(store: SqliteStore, load: { inFlight: number }): Promise<Cluster> {
  const cluster = await Cluster.join({ store, facts: FACTS });
  store.onSignal(() => cluster.look());
  await cluster.start({
    gained: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    renewed: () => undefined,
    moved: () => undefined,
    report: () => ({ ...REPORT, ...load }),
    inFlight: () => 0,
    announce: () => store.signal({ kind: "nodes" }),
    onError: (error) => {
      throw error;
    },
  });
  return cluster;
}

describe("the members of a cluster of threads", () => {
  it("share the shards, report on request, and take over those of a member that leaves", async () => {
    await using shared = await openShared(3);
    const loads = shared.stores.map(() => ({ inFlight: 0 }));
    const clusters: Cluster[] = [];
    for (const [at, store] of shared.stores.entries()) clusters.push(await joinCluster(store, loads[at]!));
    // Rounds without a cause are a minute apart.
    const soon = { timeoutMs: 30_000 };
    await eventually(() => expect(Math.max(...clusters.map(({ shards }) => shards))).toBe(22), soon);
    for (const [at, load] of loads.entries()) load.inFlight = 10 + at;
    await eventually(async () => {
      const { nodes } = await clusters[0]!.view();
      expect(nodes.map(({ report }) => report.inFlight)).toEqual([10, 11, 12]);
    }, soon);
    await clusters[2]!.drain();
    await eventually(() => expect(clusters.map(({ shards }) => shards)).toEqual([32, 32, 0]), soon);
    for (const cluster of clusters) await cluster[Symbol.asyncDispose]();
  });
});

describe("a thread that has released a shard", () => {
  it("can neither record outcomes of a batch there, nor store or delete a batch", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const [a, b] = [await one.cluster!.join(FACTS, 0), await two.cluster!.join(FACTS, 0)];
    for (const id of [1, 2, 3]) await one.accept(acceptEntry(id));
    const [old] = await one.cluster!.take(a.id, [21], []);
    await one.batches.keep({ id: 9001, endpointId: 1, messageIds: [1, 2] }, old, []);
    await one.cluster!.release(a.id, [21]);
    const lost = { code: "shard_lost" };
    await expect(one.batches.keep({ id: 9002, endpointId: 1, messageIds: [3] }, old, [9001])).rejects.toMatchObject(
      lost,
    );
    const [next] = await two.cluster!.take(b.id, [21], []);
    await expect(one.recordAll([1, 2].map((id) => successOutcome(id, { lease: old! })))).rejects.toMatchObject(lost);
    expect((await two.batches.list(1)).map(({ id }) => id)).toEqual([9001]);
    expect(await deliveryOf(two, 1)).toMatchObject({ state: 0, attempts: 0 });
    await two.recordAll([1, 2].map((id) => successOutcome(id, { lease: next! })));
    await two.batches.keep({ id: 9003, endpointId: 1, messageIds: [3] }, next, [9001]);
    expect((await one.batches.list(1)).map(({ id }) => id)).toEqual([9003]);
    expect(await one.transaction(({ db }) => leaseHeld(db, next!))).toBe(true);
    expect(await one.transaction(({ db }) => leaseHeld(db, old!))).toBe(false);
  });
});

describe("the horizon of feeds", () => {
  it("passes no key that another thread may still write", async () => {
    await using shared = await openShared();
    const { one, two } = shared;
    const [a, b] = [await one.cluster!.join(FACTS, 0), await two.cluster!.join(FACTS, 0)];
    two.onSignal(() => undefined);
    await one.accept(acceptEntry(50));
    await two.cluster!.renew(b.id, 0, { ...REPORT, settled: { messages: 20, attempts: 0 } });
    expect(await one.feedHorizon(() => 60)).toBe(20);
    // The other thread reports on request.
    two.onSignal(() => void two.cluster!.renew(b.id, 0, { ...REPORT, settled: { messages: 55, attempts: 0 } }));
    await eventually(async () => expect(await one.feedHorizon(() => 60)).toBe(55));
    await two.cluster!.leave(b.id);
    await one.accept(acceptEntry(58));
    expect(await one.feedHorizon(() => 60)).toBe(60);
    await one.cluster!.leave(a.id);
  });
});
