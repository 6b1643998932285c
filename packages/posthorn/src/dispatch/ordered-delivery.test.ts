/** Tests of ordered delivery by key with the real store: which job may start, and the effects of restarts, failures and manual actions. */
import { describe, expect, it } from "vitest";
import {
  batchesOf,
  type DispatchHarness,
  dispatchHarness,
  eventually,
  type HarnessOptions,
  made,
  resend,
} from "../../test/support/dispatch.ts";
import { acceptEntry, deliveryOf, openStore } from "../../test/support/store.ts";
import { REQUESTED_BY } from "../store/schema.ts";
import { dueManually } from "../domain/delivery/resend.ts";
import type { OrderPolicy } from "./policy.ts";
import { type AttemptResult, SOLE_OWNER } from "./types.ts";

const BLOCK: OrderPolicy = { by: "key", onFailure: "block", maxBlockMs: null };

function ordered(options: HarnessOptions & { readonly order?: OrderPolicy } = {}): Promise<DispatchHarness> {
  const { order = BLOCK, policy, ...rest } = options;
  const own = typeof policy === "function" ? {} : policy;
  return dispatchHarness({ retrySchedule: [5000, 60_000], ...rest, policy: { order, ...own } });
}

function publish(harness: DispatchHarness, id: number, key: string | null): Promise<void> {
  return harness.publish(id, { orderingKey: key, orderKeys: key === null ? null : [key] });
}

/** Advances the clock until nothing is pending: a failing endpoint receives only a few attempts at a time. */
async function allDone({ files, clock }: DispatchHarness): Promise<void> {
  await eventually(async () => {
    clock.advance(100);
    expect(await files.store.backlog()).toEqual([]);
  });
}

describe("messages of one key", () => {
  it("are attempted one at a time, in order, while messages of other keys or without a key do not wait", async () => {
    await using harness = await ordered();
    const { attempter } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await publish(harness, 4, "b");
    await publish(harness, 5, null);
    await publish(harness, 6, "a");
    expect(attempter.messages).toEqual([1, 4, 5]);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(attempter.messages).toEqual([1, 4, 5, 2]));
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 4, 5, 2, 3, 6]);
  });

  it("wait for an earlier one that another node stored and has not announced yet", async () => {
    await using harness = await ordered({ owners: { ...SOLE_OWNER, alone: false } });
    const { attempter, clock, files } = harness;
    await publish(harness, 1, "a");
    await allDone(harness);
    await files.store.accept(acceptEntry(2, { due: clock.now(), orderingKey: "a", orderKeys: ["a"] }));
    await publish(harness, 3, "a");
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 2, 3]);
  });

  it("wait for an earlier one that arrives late from a node whose clock is behind, even if the next one is in memory", async () => {
    await using harness = await ordered({ owners: { ...SOLE_OWNER, alone: false } });
    const { attempter, clock, dispatcher, files } = harness;
    const fromElsewhere = (id: number, due: number): Promise<unknown> =>
      files.store.accept(acceptEntry(id, { due, orderingKey: "a", orderKeys: ["a"] }));
    attempter.script = () => null;
    await publish(harness, 1, "a");
    await publish(harness, 20, "a");
    await eventually(() => expect(dispatcher.inspect(1)).toMatchObject({ inFlight: 1, queued: 1 }));
    // The first of these is due later, so the second is read before it and must wait.
    await fromElsewhere(11, clock.now());
    await fromElsewhere(12, clock.now() - 5);
    await publish(harness, 30, "a");
    // They are announced while a page that already contains them is loading.
    dispatcher.look([1], null);
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 20, 11, 12, 30]);
  });

  it("wait for a postponed one that is due, even if it was not loaded yet because the clock was set forwards", async () => {
    await using harness = await ordered();
    const { attempter, clock } = harness;
    attempter.script = () => null;
    await publish(harness, 1, "a");
    await harness.publish(2, { due: clock.now() + 1000, orderingKey: "a", orderKeys: ["a"] });
    clock.leap(2000);
    await publish(harness, 3, "a");
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 2, 3]);
  });

  it("are scanned once and then read a few at a time, however many are queued", async () => {
    const asked: (readonly string[] | null | undefined)[] = [];
    await using harness = await ordered({
      wrap: (store) => ({
        ...batchesOf(store),
        backlog: () => store.backlog(),
        due: (endpointId, now, limit, selection) => {
          asked.push(selection?.kind === "ordered" ? selection.keys : undefined);
          return store.due(endpointId, now, limit, selection);
        },
        record: (outcome) => store.record(outcome),
      }),
    });
    const { attempter, dispatcher, files } = harness;
    const ids = Array.from({ length: 600 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => files.store.accept(acceptEntry(id, { orderKeys: [id % 3 === 0 ? "b" : "a"] }))));
    dispatcher.look([1], null);
    await allDone(harness);
    const of = (isOne: (id: number) => boolean): readonly number[] => attempter.messages.filter(isOne);
    expect(of((id) => id % 3 === 0)).toEqual(ids.filter((id) => id % 3 === 0));
    expect(of((id) => id % 3 !== 0)).toEqual(ids.filter((id) => id % 3 !== 0));
    // Two pages scan everything that is due, however much that is; each of the others reads 16 jobs of a key.
    expect(asked.filter((keys) => keys === null).length).toBeLessThanOrEqual(4);
    expect(asked.length).toBeLessThanOrEqual(4 + 600 / 16 + 2);
  });

  it("wait until the one before is stored, so that a crash cannot reverse them", async () => {
    const gate = Promise.withResolvers<void>();
    await using harness = await ordered({
      wrap: (store) => ({
        ...batchesOf(store),
        backlog: () => store.backlog(),
        due: (...ask) => store.due(...ask),
        record: async (outcome) => {
          await gate.promise;
          return store.record(outcome);
        },
      }),
    });
    await publish(harness, 1, "a");
    await publish(harness, 2, "a");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(harness.attempter.messages).toEqual([1]);
    gate.resolve();
    await eventually(() => expect(harness.attempter.messages).toEqual([1, 2]));
  });

  it("wait for one that failed until it succeeds, use up no retries, and are then sent in order", async () => {
    await using harness = await ordered();
    const { attempter, clock, files } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.attempts < 2 ? 2 : 0);
    for (let id = 1; id <= 40; id++) await publish(harness, id, id % 2 === 1 ? "a" : "b");
    await eventually(() => expect(attempter.messages.filter((id) => id % 2 === 0)).toHaveLength(20));
    clock.advance(5000);
    await eventually(async () => expect(await deliveryOf(files.store, 1)).toMatchObject({ attempts: 2 }));
    expect(attempter.messages.filter((id) => id % 2 === 1)).toEqual([1, 1]);
    expect(await deliveryOf(files.store, 3)).toMatchObject({ attempts: 0, state: 0 });
    await eventually(() => {
      clock.advance(10_000);
      expect(attempter.messages).toContain(39);
    });
    await allDone(harness);
    const odd = Array.from({ length: 20 }, (_, index) => 2 * index + 1);
    expect(attempter.messages.filter((id) => id % 2 === 1)).toEqual([1, 1, ...odd]);
  });

  it("continue when the retries of one that failed are exhausted", async () => {
    await using harness = await ordered({ retrySchedule: [] });
    harness.attempter.script = (job) => made(job.messageId === 1 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await allDone(harness);
    expect(harness.attempter.messages).toEqual([1, 2, 3]);
  });

  it("keep their order over a restart, even after one that waits for a retry", async () => {
    await using files = await openStore();
    {
      await using before = await ordered({ files });
      before.attempter.script = (job) => (job.orderKey === "a" ? made(2) : null);
      for (let id = 1; id <= 6; id++) await publish(before, id, id % 2 === 1 ? "a" : "b");
      await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    }
    await using after = await ordered({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(() => expect(after.attempter.messages).toEqual([2, 4, 6]));
    await publish(after, 7, "a");
    await eventually(() => expect(after.dispatcher.load.inFlight).toBe(0));
    expect(after.attempter.messages).toEqual([2, 4, 6]);
    await eventually(async () => {
      after.clock.advance(5000);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(after.attempter.messages).toEqual([2, 4, 6, 1, 3, 5, 7]);
  });

  it("are not delayed by one that was postponed, nor by its retry before it is due", async () => {
    await using harness = await ordered();
    await harness.publish(1, { due: harness.clock.now() + 60_000, orderKeys: ["a"] });
    await publish(harness, 2, "a");
    await eventually(() => expect(harness.attempter.messages).toEqual([2]));
    harness.clock.advance(60_000);
    await eventually(() => expect(harness.attempter.messages).toEqual([2, 1]));
  });

  it.each([
    ["in memory", 2],
    ["in the store", 3],
  ])("wait for a postponed one when one in flight fails while that waits %s", async (_where, failing) => {
    const paged: number[] = [];
    await using harness = await ordered({
      wrap: (store) => ({
        ...batchesOf(store),
        backlog: () => store.backlog(),
        due: async (...ask) => {
          const page = await store.due(...ask);
          paged.push(...page.deliveries.map(({ messageId }) => messageId));
          return page;
        },
        record: (outcome) => store.record(outcome),
      }),
    });
    const { attempter, clock } = harness;
    attempter.script = ({ messageId, attempts }) => (messageId === failing && attempts === 0 ? null : made(0));
    await harness.publish(1, { due: clock.now() + 1000, orderKeys: ["a"] });
    for (let id = 2; id <= 4; id++) await publish(harness, id, "a");
    await eventually(() => expect(attempter.open).toHaveLength(1));
    clock.advance(1000);
    await eventually(() => expect(paged).toContain(1));
    attempter.open[0]!.end(made(2));
    await eventually(() => expect(attempter.messages.slice(-2)).toEqual([failing, 1]));
    clock.advance(5000);
    await allDone(harness);
    expect(attempter.messages.slice(-(6 - failing))).toEqual([1, ...[2, 3, 4].slice(failing - 2)]);
  });

  it("stay in order when the clock is set back between them", async () => {
    await using harness = await ordered();
    const { attempter, files } = harness;
    attempter.script = () => null;
    await publish(harness, 1, "a");
    await harness.publish(2, { due: harness.clock.now() - 60_000, orderKeys: ["a"] });
    await harness.publish(3, { due: harness.clock.now() - 90_000, orderKeys: ["a"] });
    attempter.script = () => made(0);
    harness.dispatcher.wake(1);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.messages).toEqual([1, 2, 3]);
  });
});

describe("a page that is loading", () => {
  it.each<[string, AttemptResult, number]>([
    ["failed", made(2), 1],
    ["was given back", { kind: "not_now", pauseMs: 1 }, 0],
  ])("lets no job overtake one that %s in the meantime", async (_how, result, attempts) => {
    const gate = Promise.withResolvers<void>();
    let pages = 0;
    await using harness = await ordered({
      retrySchedule: [3_600_000],
      wrap: (store) => ({
        ...batchesOf(store),
        backlog: () => store.backlog(),
        record: (outcome) => store.record(outcome),
        due: async (...ask) => {
          const page = await store.due(...ask);
          if (++pages === 1) await gate.promise;
          return page;
        },
      }),
    });
    const { attempter, files, clock, dispatcher } = harness;
    attempter.script = () => null;
    await publish(harness, 1, "a");
    await files.store.accept(acceptEntry(2, { due: clock.now(), orderKeys: ["a"] }));
    dispatcher.wake(1);
    await eventually(() => expect(pages).toBe(1));
    attempter.open[0]!.end(result);
    await eventually(() => expect(dispatcher.load.inFlight).toBe(0));
    await eventually(async () => expect(await deliveryOf(files.store, 1)).toMatchObject({ attempts }));
    clock.advance(1);
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(attempter.messages).not.toContain(2);
  });
});

describe("memory", () => {
  it("stays bounded with more keys than fit, all of them blocked, and every key makes progress", async () => {
    await using harness = await ordered({ limits: { laneJobs: 8 }, retrySchedule: [3_600_000] });
    const { attempter, clock, files, dispatcher } = harness;
    attempter.script = () => made(2);
    const count = 120;
    const { store } = files;
    for (let id = 1; id <= count; id++) {
      await store.accept(acceptEntry(id, { due: clock.now(), orderKeys: [`key-${id}`] }));
      await store.accept(acceptEntry(count + id, { due: clock.now(), orderKeys: [`key-${id}`] }));
    }
    dispatcher.wake(1);
    await eventually(() => {
      clock.advance(100);
      expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(8 * 1300);
      expect(attempter.messages.length).toBeGreaterThanOrEqual(count);
    });
    expect(Math.max(...attempter.messages)).toBeLessThanOrEqual(count);
    attempter.script = () => made(0);
    await eventually(async () => {
      clock.advance(60_000);
      expect(await store.backlog()).toEqual([]);
    });
    for (let id = 1; id <= count; id++) {
      expect(attempter.messages.lastIndexOf(id)).toBeLessThan(attempter.messages.indexOf(count + id));
    }
  }, 60_000);

  it("is not filled by one key with many jobs: other keys are served in between", async () => {
    await using harness = await ordered({ limits: { laneJobs: 40 }, policy: { concurrency: 2 } });
    const { attempter, files, clock, dispatcher } = harness;
    attempter.script = (job) => (job.orderKey === "hot" ? null : made(0));
    for (let id = 1; id <= 100; id++)
      await files.store.accept(acceptEntry(id, { due: clock.now(), orderKeys: ["hot"] }));
    await files.store.accept(acceptEntry(101, { due: clock.now(), orderKeys: ["cold"] }));
    dispatcher.wake(1);
    await eventually(() => expect(attempter.messages).toEqual([1, 101]));
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await allDone(harness);
    const hot = attempter.messages.filter((id) => id !== 101);
    expect(hot).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });
});

describe("a lane", () => {
  it("finds the jobs in the store when its circuit opens with the last attempt of the one before them", async () => {
    const breaker = { failures: 2, windowMs: 0, probeMs: 1000, maxProbeMs: 1000 };
    await using harness = await ordered({ retrySchedule: [5000], policy: { breaker } });
    const { attempter, clock, files, dispatcher } = harness;
    attempter.script = (job) => made(job.messageId === 1 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await files.store.accept(acceptEntry(id, { due: clock.now(), orderKeys: ["a"] }));
    dispatcher.wake(1);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 1, 2, 3]);
  });

  it("is dropped when it is idle, even if one of its jobs blocks others", async () => {
    const breaker = { failures: 1, windowMs: 0, probeMs: 6000, maxProbeMs: 6000 };
    const order = { ...BLOCK, maxBlockMs: 86_400_000 };
    await using harness = await ordered({ order, retrySchedule: [5000], policy: { breaker } });
    const { attempter, files, dispatcher } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.attempts === 0 ? 2 : 0);
    await publish(harness, 1, "a");
    await publish(harness, 2, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 1, 2]);
    await eventually(() => expect(dispatcher.load).toEqual({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null }));
  });
});

describe("the onFailure policy", () => {
  it("skip: the jobs after a failed one overtake it while it is retried", async () => {
    await using harness = await ordered({ order: { ...BLOCK, onFailure: "skip" } });
    const { attempter, clock } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.attempts === 0 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await eventually(() => expect(attempter.messages).toEqual([1, 2, 3]));
    await eventually(() => {
      clock.advance(5000);
      expect(attempter.messages).toEqual([1, 2, 3, 1]);
    });
    await allDone(harness);
  });

  it("park: a failed job leaves the order at once, the jobs after it continue, and a resend sends it again", async () => {
    await using harness = await ordered({ order: { ...BLOCK, onFailure: "park" } });
    const { attempter, files, clock } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.trigger === 0 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await allDone(harness);
    clock.advance(3_600_000);
    expect(attempter.messages).toEqual([1, 2, 3]);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 2, due: null, attempts: 1 });
  });

  it("block: a failed job delays the jobs after it no longer than the maximum time, even over a restart", async () => {
    await using files = await openStore();
    const order = { ...BLOCK, maxBlockMs: 30_000 };
    {
      await using before = await ordered({ files, order, retrySchedule: [3_600_000] });
      before.attempter.script = (job) => made(job.messageId === 1 ? 2 : 0);
      for (let id = 1; id <= 3; id++) await publish(before, id, "a");
      await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
      before.clock.advance(29_999);
      expect(before.attempter.messages).toEqual([1]);
    }
    await using after = await ordered({ files, order, retrySchedule: [3_600_000] });
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(() => expect(after.clock.waiting).toBe(1));
    after.clock.advance(29_999);
    expect(after.attempter.messages).toEqual([]);
    await eventually(() => {
      after.clock.advance(100);
      expect(after.attempter.messages).toEqual([2, 3]);
    });
  });
});

describe("a manual action", () => {
  it("that resends a message does not wait, and a finished message does not delay others", async () => {
    await using harness = await ordered({ retrySchedule: [3_600_000] });
    const { attempter, files } = harness;
    attempter.script = (job) => made(job.messageId === 1 ? 2 : 0);
    await publish(harness, 1, "a");
    await publish(harness, 2, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await resend(harness, 2);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
    expect(attempter.jobs[1]!.trigger).toBe(1);
  });

  it("that resends the blocking message lets the others continue once it has succeeded", async () => {
    await using harness = await ordered({ retrySchedule: [3_600_000] });
    const { attempter, files, clock } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.trigger === 0 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    // It is due after the messages that wait for it, so the page skips those first.
    clock.advance(1000);
    await resend(harness, 1);
    await eventually(() => {
      clock.advance(100);
      expect(attempter.messages).toEqual([1, 1, 2, 3]);
    });
  });

  it("that resends a message and fails leaves the scheduled retry in place, even if that is overdue", async () => {
    await using harness = await ordered();
    const { attempter, files, clock } = harness;
    attempter.script = (job) => made(job.trigger === 1 ? 2 : 0);
    await files.store.accept(acceptEntry(1, { due: clock.now(), orderKeys: ["a"] }));
    clock.advance(1000);
    await resend(harness, 1);
    await allDone(harness);
    expect(attempter.jobs.map(({ trigger }) => trigger)).toEqual([1, 0]);
  });

  it("that recovers many messages keeps their order", async () => {
    await using harness = await ordered({ retrySchedule: [], policy: { concurrency: 8 } });
    const { attempter, files, clock, dispatcher } = harness;
    attempter.script = () => made(2);
    for (let id = 1; id <= 6; id++) await publish(harness, id, "a");
    await allDone(harness);
    attempter.jobs.length = 0;
    attempter.script = () => null;
    await files.store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set(dueManually(clock.now(), REQUESTED_BY.recovery)).execute();
    });
    dispatcher.wake(1);
    for (let id = 1; id <= 6; id++) {
      await eventually(() => {
        clock.advance(100);
        expect(attempter.messages).toHaveLength(id);
      });
      expect(attempter.open).toHaveLength(1);
      attempter.open[0]!.end(made(id === 2 ? 2 : 0));
    }
    await allDone(harness);
    expect(attempter.messages).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("that resends a message starts no message that waits for another one", async () => {
    await using harness = await ordered({ retrySchedule: [3_600_000] });
    const { attempter, files } = harness;
    attempter.script = (job) => (job.trigger === 1 ? null : made(2));
    await publish(harness, 1, "a");
    await publish(harness, 2, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await resend(harness, 2);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
    await publish(harness, 3, "a");
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await deliveryOf(files.store, 2)).toMatchObject({ state: 1 }));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    expect(attempter.messages).toEqual([1, 2]);
  });

  it("that cancels a message in flight lets the others continue at once when it fails", async () => {
    await using harness = await ordered({ retrySchedule: [3_600_000] });
    const { attempter, files, dispatcher } = harness;
    attempter.script = (job) => (job.messageId === 1 ? null : made(0));
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await files.store.transaction(async ({ db }) => {
      const change = { state: 3, due: null, generation: 1 };
      await db.updateTable("delivery").set(change).where("message_id", "=", 1).execute();
    });
    dispatcher.revoke([{ messageId: 1, endpointId: 1 }]);
    attempter.open[0]!.end(made(2));
    await eventually(() => {
      harness.clock.advance(100);
      expect(attempter.messages).toEqual([1, 2, 3]);
    });
  });

  it("that cancels the blocking message lets the others continue", async () => {
    await using harness = await ordered({ retrySchedule: [3_600_000] });
    const { attempter, files, dispatcher } = harness;
    attempter.script = (job) => made(job.messageId === 1 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await files.store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set({ state: 3, due: null }).where("message_id", "=", 1).execute();
    });
    dispatcher.revoke([{ messageId: 1, endpointId: 1 }]);
    await eventually(() => expect(attempter.messages).toEqual([1, 2, 3]));
  });

  it("that unblocks an endpoint lets the others overtake the blocking message while it is retried", async () => {
    await using harness = await ordered({ retrySchedule: [60_000] });
    const { attempter, files, clock, dispatcher } = harness;
    attempter.script = (job) => made(job.messageId === 1 && job.attempts === 0 ? 2 : 0);
    for (let id = 1; id <= 3; id++) await publish(harness, id, "a");
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
    await files.store.transaction(async ({ db }) => {
      await db.updateTable("delivery").set({ pass_at: clock.now() }).where("message_id", "=", 1).execute();
    });
    dispatcher.wake(1);
    await eventually(() => expect(attempter.messages).toEqual([1, 2, 3]));
    await eventually(() => {
      clock.advance(60_000);
      expect(attempter.messages).toEqual([1, 2, 3, 1]);
    });
  });
});

describe("a fault on our side", () => {
  it("keeps the order of the queued jobs", async () => {
    await using harness = await ordered();
    const { attempter, clock } = harness;
    attempter.script = () => ({ kind: "not_now", pauseMs: 1000 });
    for (let id = 1; id <= 5; id++) await publish(harness, id, "a");
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    attempter.jobs.length = 0;
    attempter.script = () => made(0);
    await eventually(async () => {
      clock.advance(1000);
      expect(await harness.files.store.backlog()).toEqual([]);
    });
    expect(attempter.messages).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("a backlog that is sent newest first", () => {
  it("is sent from its end, and messages that arrive in the meantime are sent before it", async () => {
    await using files = await openStore();
    for (let id = 1; id <= 9; id++) await files.store.accept(acceptEntry(id, { due: 1000 * id }));
    await using harness = await dispatchHarness({
      files,
      policy: { newestFirst: true, concurrency: 1 },
      limits: { laneJobs: 2 },
    });
    const { attempter, dispatcher } = harness;
    attempter.script = () => null;
    dispatcher.wake(1);
    await eventually(() => expect(attempter.messages).toEqual([9]));
    await harness.publish(10);
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await allDone(harness);
    expect(attempter.messages.indexOf(10)).toBeLessThan(4);
    expect(attempter.messages.at(-1)).toBe(1);
  });
});
