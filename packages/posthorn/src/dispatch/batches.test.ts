/** Tests of batches with the real store: which jobs are sent together, and the effects of failures, cancellations and restarts. */
import { describe, expect, it } from "vitest";
import {
  type DispatchHarness,
  dispatchHarness,
  eventually,
  type HarnessOptions,
  made,
} from "../../test/support/dispatch.ts";
import { acceptEntry, onPostgres, openStore } from "../../test/support/store.ts";
import type { Lease } from "../store/delivery.ts";
import type { BatchPolicy, LanePolicy, OrderPolicy } from "./policy.ts";
import type { BatchAttempt, LaneOwners } from "./types.ts";

const BATCH: BatchPolicy = { items: 10, bytes: 1_000_000, waitMs: 1000, sharesKeys: true, isKept: false };
const KEPT: BatchPolicy = { ...BATCH, isKept: true };
const BLOCK: OrderPolicy = { by: "key", onFailure: "block", maxBlockMs: null };

function batching(policy: Partial<LanePolicy> = {}, options: HarnessOptions = {}): Promise<DispatchHarness> {
  return dispatchHarness({ ...options, policy: { batch: BATCH, ...policy } });
}

async function states({ files }: DispatchHarness): Promise<readonly (readonly [number, number, number])[]> {
  const rows = await files.store.db
    .selectFrom("delivery")
    .select(["message_id", "state", "attempts"])
    .orderBy("message_id")
    .execute();
  return rows.map(({ message_id: id, state, attempts }) => [id, state, attempts] as const);
}

async function publishAll(harness: DispatchHarness, ids: readonly number[], changes: object = {}): Promise<void> {
  for (const id of ids) await harness.publish(id, changes);
}

/** Waits until the lane has loaded its batches, and has this many jobs in memory. */
async function queued(harness: DispatchHarness, count: number): Promise<void> {
  await eventually(() => expect(harness.dispatcher.inspect(1)?.queued).toBe(count));
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("a batch", () => {
  it("is sent when it is full, or when its first message has waited long enough", async () => {
    await using harness = await batching();
    await publishAll(harness, upTo(12));
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([upTo(10)]));
    harness.clock.advance(999);
    await eventually(async () => expect((await states(harness)).filter(([, state]) => state === 1)).toHaveLength(10));
    expect(harness.attempter.batches).toHaveLength(1);
    harness.clock.advance(1);
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([upTo(10), [11, 12]]));
  });

  it("keeps no payloads in memory while it waits", async () => {
    await using harness = await batching();
    await publishAll(harness, [1, 2]);
    expect(harness.dispatcher.load.queuedBytes).toBe(2 * 256);
    harness.clock.advance(1000);
    await eventually(() => expect(harness.attempter.batches[0]).toMatchObject([{ payload: null }, { payload: null }]));
  });

  it("ends where its bytes would exceed the limit", async () => {
    await using harness = await batching({ batch: { ...BATCH, bytes: 25 } });
    await publishAll(harness, upTo(5), { payload: Buffer.alloc(10, "x") });
    harness.clock.advance(1000);
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([[1, 2], [3, 4], [5]]));
  });

  it("that fails in part retries only the messages that failed", async () => {
    await using harness = await batching({ batch: { ...BATCH, waitMs: 0 } });
    harness.attempter.batchScript = (jobs) =>
      Promise.resolve(jobs.map(({ messageId, attempts }) => made(messageId % 2 === 0 && attempts === 0 ? 2 : 0)));
    await harness.files.store.acceptAll(upTo(4).map((id) => acceptEntry(id, { due: harness.clock.now() })));
    harness.dispatcher.wake(1);
    await eventually(async () => expect((await states(harness)).map(([, state]) => state)).toEqual([1, 0, 1, 0]));
    harness.clock.advance(5000);
    await eventually(() =>
      expect(harness.attempter.batchedMessages).toEqual([
        [1, 2, 3, 4],
        [2, 4],
      ]),
    );
    await eventually(async () => expect((await states(harness)).map(([, state]) => state)).toEqual([1, 1, 1, 1]));
  });

  it("does not contain a message whose delivery was canceled while it waited", async () => {
    await using harness = await batching();
    await publishAll(harness, [1, 2, 3]);
    harness.dispatcher.revoke([{ messageId: 2, endpointId: 1 }]);
    harness.clock.advance(1000);
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([[1, 3]]));
  });

  it("uses no attempt when nothing could be sent, and is sent after the pause", async () => {
    await using harness = await batching({ batch: { ...BATCH, waitMs: 0 } });
    const { attempter } = harness;
    attempter.batchScript = (jobs) => Promise.resolve(jobs.map(() => ({ kind: "not_now", pauseMs: 2000 })));
    await harness.files.store.acceptAll(upTo(3).map((id) => acceptEntry(id, { due: harness.clock.now() })));
    harness.dispatcher.wake(1);
    await eventually(() => expect(attempter.batches).toHaveLength(1));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    attempter.batchScript = (jobs) => Promise.resolve(jobs.map(() => made(0)));
    harness.clock.advance(2000);
    await eventually(async () => expect(await states(harness)).toEqual(upTo(3).map((id) => [id, 1, 1])));
    expect(attempter.batchedMessages).toEqual([upTo(3), upTo(3)]);
  });

  it("is on hold when the endpoint is disabled", async () => {
    await using harness = await batching({ batch: { ...BATCH, waitMs: 0 } });
    harness.attempter.batchScript = (jobs) => Promise.resolve(jobs.map(() => ({ kind: "held" })));
    await publishAll(harness, [1]);
    await eventually(() => expect(harness.attempter.batches).toHaveLength(1));
    await publishAll(harness, [2]);
    harness.clock.advance(60_000);
    expect(harness.attempter.batches).toHaveLength(1);
    harness.attempter.batchScript = (jobs) => Promise.resolve(jobs.map(() => made(0)));
    harness.dispatcher.wake(1);
    await eventually(async () => expect((await states(harness)).map(([, state]) => state)).toEqual([1, 1]));
  });

  it("counts as one attempt against the concurrency of the endpoint", async () => {
    await using harness = await batching({ batch: { ...BATCH, items: 3, waitMs: 0 }, concurrency: 1 });
    const gate = Promise.withResolvers<void>();
    harness.attempter.batchScript = async (jobs) => {
      await gate.promise;
      return jobs.map(() => made(0));
    };
    await harness.files.store.acceptAll(upTo(7).map((id) => acceptEntry(id, { due: harness.clock.now() })));
    harness.dispatcher.wake(1);
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([[1, 2, 3]]));
    expect(harness.dispatcher.load.inFlight).toBe(1);
    gate.resolve();
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([[1, 2, 3], [4, 5, 6], [7]]));
  });

  it("can have more jobs than a lane normally keeps in memory", async () => {
    await using harness = await batching({ batch: { ...BATCH, items: 1000 } });
    await harness.files.store.acceptAll(upTo(1500).map((id) => acceptEntry(id, { due: harness.clock.now() })));
    harness.dispatcher.wake(1);
    await eventually(() => expect(harness.attempter.batches.map(({ length }) => length)).toEqual([1000]));
  });
});

describe("a batch in an ordered lane", () => {
  const ORDERED = { order: BLOCK, batch: { ...BATCH, waitMs: 0 } };

  it("keeps the messages of a key in order, even in a backlog of a single key", async () => {
    await using harness = await batching({ ...ORDERED, batch: { ...BATCH, items: 50, waitMs: 0 } });
    await harness.files.store.acceptAll(
      upTo(200).map((id) => acceptEntry(id, { due: harness.clock.now(), orderKeys: ["a"] })),
    );
    harness.dispatcher.wake(1);
    await eventually(() => expect(harness.attempter.batchedMessages.flat()).toEqual(upTo(200)));
    expect(harness.attempter.batches.length).toBeLessThan(8);
  });

  it("contains one message per key if its target keeps the order but can accept only part of a batch", async () => {
    await using harness = await batching({ ...ORDERED, batch: { ...BATCH, waitMs: 0, sharesKeys: false } });
    const keys = ["a", "a", "b", "a", "b", "c"];
    await harness.files.store.acceptAll(
      keys.map((key, index) => acceptEntry(index + 1, { due: harness.clock.now(), orderKeys: [key] })),
    );
    harness.dispatcher.wake(1);
    await eventually(() => expect(harness.attempter.batchedMessages).toEqual([[1, 3, 6], [2, 5], [4]]));
  });

  it("does not attempt the messages after a failed one before its retry", async () => {
    await using harness = await batching(ORDERED);
    harness.attempter.batchScript = (jobs) => {
      const failed = jobs.findIndex(({ messageId, attempts }) => messageId === 2 && attempts === 0);
      return Promise.resolve(
        jobs.map((_, index) =>
          failed === -1 || index < failed ? made(0) : index === failed ? made(2) : { kind: "behind" },
        ),
      );
    };
    await harness.files.store.acceptAll(
      upTo(4).map((id) => acceptEntry(id, { due: harness.clock.now(), orderKeys: ["a"] })),
    );
    harness.dispatcher.wake(1);
    await eventually(async () =>
      expect(await states(harness)).toEqual([
        [1, 1, 1],
        [2, 0, 1],
        [3, 0, 0],
        [4, 0, 0],
      ]),
    );
    await harness.publish(5, { orderKeys: ["a"] });
    harness.clock.advance(4999);
    expect(harness.attempter.batches).toHaveLength(1);
    harness.clock.advance(1);
    await eventually(async () => expect((await states(harness)).map(([, state]) => state)).toEqual([1, 1, 1, 1, 1]));
    expect(harness.attempter.batchedMessages.slice(1).flat()).toEqual([2, 3, 4, 5]);
  });

  it("keeps the order of every key over random failures", async () => {
    await using harness = await batching({ ...ORDERED, batch: { ...BATCH, items: 7, waitMs: 0 }, retry: endless });
    const delivered = new Map<string, number[]>();
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    harness.attempter.batchScript = (jobs) => {
      const failedKeys = new Set<string>();
      return Promise.resolve(
        jobs.map(({ orderKey, messageId }) => {
          if (failedKeys.has(orderKey!)) return { kind: "behind" } as const;
          if (random() < 0.2) {
            failedKeys.add(orderKey!);
            return made(2);
          }
          delivered.set(orderKey!, [...(delivered.get(orderKey!) ?? []), messageId]);
          return made(0);
        }),
      );
    };
    const keyOf = (id: number): string => "abc"[id % 3]!;
    await harness.files.store.acceptAll(
      upTo(150).map((id) => acceptEntry(id, { due: harness.clock.now(), orderKeys: [keyOf(id)] })),
    );
    harness.dispatcher.wake(1);
    await eventually(() => {
      harness.clock.advance(1000);
      expect([...delivered.values()].flat()).toHaveLength(150);
    });
    for (const [key, ids] of delivered) expect(ids).toEqual(upTo(150).filter((id) => keyOf(id) === key));
  });
});

const endless: LanePolicy["retry"] = {
  backoff: { kind: "exponential", firstMs: 1000, factor: 1, maxMs: 1000, attempts: Number.POSITIVE_INFINITY },
  maxAgeMs: null,
  stopCodes: [],
  retryCodes: null,
};

describe("a batch whose target recognises it by its messages", () => {
  const failing = (harness: DispatchHarness, keys: (number | null)[]): void => {
    harness.attempter.batchScript = async (jobs, batch) => {
      keys.push(await harness.attempter.keep(jobs, batch));
      return jobs.map(({ attempts }) => made(attempts === 0 ? 2 : 0));
    };
  };

  it("is retried with the same messages under the same key, and without newer ones", async () => {
    await using harness = await batching({ batch: KEPT });
    const keys: (number | null)[] = [];
    failing(harness, keys);
    await publishAll(harness, upTo(3));
    await queued(harness, 3);
    harness.clock.advance(1000);
    await eventually(async () => expect((await states(harness)).map(([, , attempts]) => attempts)).toEqual([1, 1, 1]));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    await publishAll(harness, [4, 5]);
    await queued(harness, 2);
    harness.clock.advance(5000);
    await eventually(() => expect(harness.attempter.batches.length).toBeGreaterThanOrEqual(3));
    const retried = harness.attempter.batchedMessages.findIndex((ids, index) => index > 0 && ids.includes(1));
    expect(harness.attempter.batchedMessages[retried]).toEqual([1, 2, 3]);
    expect(keys[retried]).toBe(keys[0]);
  });

  it("is resent unchanged by the next process, even if the first one recorded nothing", async () => {
    await using files = await openStore();
    const first = await batching({ batch: KEPT }, { files });
    const keys = new Map<string, (number | null)[]>();
    const keep = async (harness: DispatchHarness, ...[jobs, batch]: Parameters<typeof first.attempter.keep>) => {
      const members = jobs.map(({ messageId }) => messageId).join();
      keys.set(members, [...(keys.get(members) ?? []), await harness.attempter.keep(jobs, batch)]);
    };
    first.attempter.batchScript = async (jobs, batch) => {
      await keep(first, jobs, batch);
      return new Promise(() => undefined);
    };
    await publishAll(first, upTo(4));
    await queued(first, 4);
    first.clock.advance(1000);
    await eventually(() => expect(keys.size).toBe(1));
    await files.store.accept(acceptEntry(5, { due: first.clock.now() }));
    await using next = await batching({ batch: { ...KEPT, items: 3 } }, { files });
    next.attempter.batchScript = async (jobs, batch) => {
      await keep(next, jobs, batch);
      return jobs.map(() => made(0));
    };
    next.clock.advance(first.clock.now() - next.clock.now());
    await next.dispatcher.start();
    next.clock.advance(2000);
    await eventually(async () => expect((await states(next)).map(([, state]) => state)).toEqual([1, 1, 1, 1, 1]));
    const [before, after] = keys.get("1,2,3,4")!;
    expect(after).toBe(before);
    expect(next.attempter.batchedMessages.flat()).toHaveLength(5);
  });

  it("drops a message that was canceled, and sends the others under another key", async () => {
    await using harness = await batching({ batch: KEPT });
    const keys: (number | null)[] = [];
    failing(harness, keys);
    await publishAll(harness, upTo(3));
    await queued(harness, 3);
    harness.clock.advance(1000);
    await eventually(async () => expect((await states(harness)).map(([, , attempts]) => attempts)).toEqual([1, 1, 1]));
    await harness.files.store.transaction(({ db }) =>
      db.updateTable("delivery").set({ state: 3, due: null }).where("message_id", "=", 2).execute(),
    );
    harness.clock.advance(60_000);
    await eventually(async () => expect((await states(harness)).map(([, state]) => state)).toEqual([1, 3, 1]));
    expect(new Set(harness.attempter.batchedMessages.slice(1).flat())).toEqual(new Set([1, 3]));
    expect(keys.slice(1)).not.toContain(keys[0]);
  });

  it("keeps its messages in an ordered lane too", async () => {
    await using harness = await batching({ batch: { ...KEPT, waitMs: 0 }, order: BLOCK });
    const keys: (number | null)[] = [];
    failing(harness, keys);
    await harness.files.store.acceptAll(
      upTo(4).map((id) => acceptEntry(id, { due: harness.clock.now(), orderKeys: ["a"] })),
    );
    harness.dispatcher.wake(1);
    await eventually(async () =>
      expect((await states(harness)).map(([, , attempts]) => attempts)).toEqual([1, 1, 1, 1]),
    );
    await harness.publish(5, { orderKeys: ["a"] });
    harness.clock.advance(5000);
    await eventually(() => expect(harness.attempter.batches.length).toBeGreaterThanOrEqual(2));
    expect(harness.attempter.batchedMessages[1]).toEqual(upTo(4));
    expect(keys[1]).toBe(keys[0]);
    await eventually(async () => {
      harness.clock.advance(1000);
      expect((await states(harness)).map(([, state]) => state)).toEqual([1, 1, 1, 1, 1]);
    });
  });

  it("is deleted from the store some time after it has ended", async () => {
    await using harness = await batching({ batch: { ...KEPT, waitMs: 0, items: 2 } });
    for (const id of upTo(60)) {
      await harness.publish(id);
      await eventually(async () => expect((await states(harness)).at(-1)![1]).toBe(1));
    }
    const { count } = await harness.files.store.db
      .selectFrom("delivery_batch")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    expect(count).toBeLessThanOrEqual(17);
  });
});

describe.runIf(onPostgres)("a batch of a frozen node", () => {
  const facts = {
    host: "here",
    version: "1",
    secretsMark: "same",
    process: null,
    kinds: [],
    hasEnded: () => false,
  };

  it("is resent with the same messages and key by the next owner, and the frozen node can neither record it nor store another", async () => {
    await using files = await openStore();
    const cluster = files.store.cluster!;
    const [a, b] = [await cluster.join(facts, 60_000), await cluster.join(facts, 60_000)];
    const [old] = await cluster.take(a.id, [3], []);
    const owned = (lease: Lease): LaneOwners => ({
      alone: false,
      owns: () => true,
      lease: () => lease,
      holds: () => true,
    });
    await using frozen = await batching({ batch: KEPT }, { files, owners: owned(old!) });
    const thawed = Promise.withResolvers<void>();
    using _ = { [Symbol.dispose]: () => thawed.resolve() };
    const keys: (number | null)[] = [];
    const sent: BatchAttempt[] = [];
    frozen.attempter.batchScript = async (jobs, batch) => {
      keys.push(await frozen.attempter.keep(jobs, batch));
      sent.push(batch);
      await thawed.promise;
      return jobs.map(() => made(0));
    };
    await publishAll(frozen, upTo(4));
    await queued(frozen, 4);
    frozen.clock.advance(1000);
    await eventually(() => expect(keys).toHaveLength(1));
    await cluster.leave(a.id);
    const [taken] = await cluster.take(b.id, [3], []);
    await using next = await batching({ batch: { ...KEPT, items: 2 } }, { files, owners: owned(taken!) });
    next.attempter.batchScript = async (jobs, batch) => {
      keys.push(await next.attempter.keep(jobs, batch));
      return jobs.map(() => made(0));
    };
    next.clock.advance(frozen.clock.now() - next.clock.now());
    await next.dispatcher.start();
    next.clock.advance(2000);
    await eventually(async () => expect(await states(next)).toEqual(upTo(4).map((id) => [id, 1, 1])));
    expect(next.attempter.batchedMessages).toEqual([upTo(4)]);
    expect(keys[1]).toBe(keys[0]);
    const attempts = () => files.store.db.selectFrom("attempt").select("id").orderBy("id").execute();
    const before = await attempts();
    thawed.resolve();
    await eventually(() => expect(frozen.dispatcher.load.inFlight).toBe(0));
    const { kept, lease } = sent[0]!;
    await expect(kept!.keep(77, [1, 2], lease)).rejects.toMatchObject({ code: "shard_lost" });
    expect(await attempts()).toEqual(before);
    expect(await states(next)).toEqual(upTo(4).map((id) => [id, 1, 1]));
  });
});
