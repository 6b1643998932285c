import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { dispatchHarness, type DispatchHarness, eventually, made } from "../../test/support/dispatch.ts";
import { acceptEntry, attemptEntry, deliveryOf, openStore, recordEntry } from "../../test/support/store.ts";
import { byHand } from "../domain/delivery/resend.ts";
import { ASKED } from "../store/schema.ts";
import type { AttemptResult, JobPage, JobStore } from "./types.ts";

async function resend({ files, clock, dispatcher }: DispatchHarness, messageId: number, endpointId = 1): Promise<void> {
  await files.store.transaction(async ({ db }) => {
    await db
      .updateTable("delivery")
      .set(byHand(clock.now(), ASKED.byResend))
      .where("message_id", "=", messageId)
      .where("endpoint_id", "=", endpointId)
      .execute();
  });
  dispatcher.wake(endpointId);
}

/** A store whose calls a test can make fail, or hold up. */
function faulty(
  store: JobStore,
  faults: { record?: () => Promise<void>; due?: () => Promise<void>; backlog?: () => Promise<void> },
): JobStore {
  return {
    backlog: async () => {
      await faults.backlog?.();
      return store.backlog();
    },
    record: async (outcome) => {
      await faults.record?.();
      return store.record(outcome);
    },
    due: async (endpointId, now, limit, wish): Promise<JobPage> => {
      const page = await store.due(endpointId, now, limit, wish);
      await faults.due?.();
      return page;
    },
  };
}

describe("a job", () => {
  it("is attempted once and is done in the store when it succeeds", async () => {
    await using harness = await dispatchHarness();
    await harness.publish(1);
    await eventually(async () => expect((await deliveryOf(harness.files.store, 1))?.state).toBe(1));
    expect(harness.attempter.messages).toEqual([1]);
    expect(harness.dispatcher.load).toEqual({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null });
  });

  it("that would fail in the same way again has failed at once, whatever the schedule has left", async () => {
    await using harness = await dispatchHarness({ retrySchedule: [5000] });
    harness.attempter.script = () => ({ ...made(2), final: true }) as AttemptResult;
    await harness.publish(1);
    await eventually(async () =>
      expect(await deliveryOf(harness.files.store, 1)).toMatchObject({ state: 2, due: null, attempts: 1 }),
    );
    expect(harness.attempter.jobs).toHaveLength(1);
  });

  it("is retried along the schedule, and has failed when the schedule is used up", async () => {
    await using harness = await dispatchHarness({ retrySchedule: [5000, 60_000] });
    const { clock, attempter, files } = harness;
    attempter.script = () => made(2);
    await harness.publish(1);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.due).toBe(clock.now() + 5000));
    await eventually(() => expect(clock.waiting).toBe(1));
    clock.advance(4999);
    expect(attempter.jobs).toHaveLength(1);
    clock.advance(1);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.due).toBe(clock.now() + 60_000));
    await eventually(() => expect(clock.waiting).toBe(1));
    clock.advance(60_000);
    await eventually(async () => expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 2, due: null }));
    expect(attempter.jobs.map((job) => job.attempts)).toEqual([0, 1, 2]);
    expect(harness.dispatcher.load.lanes).toBe(0);
  });

  it("that is due later waits for its time, and only then", async () => {
    await using harness = await dispatchHarness();
    await harness.publish(1, { due: harness.clock.now() + 60_000 });
    harness.clock.advance(59_999);
    expect(harness.attempter.jobs).toEqual([]);
    harness.clock.advance(1);
    await eventually(() => expect(harness.attempter.messages).toEqual([1]));
  });

  it("that an earlier run left is found at the start, whether it is due or will be", async () => {
    await using files = await openStore();
    {
      await using before = await dispatchHarness({ files });
      before.attempter.script = () => null;
      await before.publish(1);
      await before.publish(2, { endpointIds: [2], due: before.clock.now() + 1000 });
    }
    await using after = await dispatchHarness({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(() => expect(after.attempter.messages).toEqual([1]));
    after.clock.advance(1000);
    await eventually(() => expect(after.attempter.messages).toEqual([1, 2]));
  });

  it("whose attempt throws is tried again after a pause and uses no attempt up", async () => {
    await using harness = await dispatchHarness();
    const { attempter, clock, trouble, files } = harness;
    attempter.script = () => {
      throw new Error("a bug of ours");
    };
    await harness.publish(1);
    await eventually(() => expect(trouble).toEqual(["attempt"]));
    attempter.script = () => made(0);
    await eventually(() => expect(clock.waiting).toBe(1));
    clock.advance(30_000);
    await eventually(async () => expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, attempts: 1 }));
  });

  it("that has nobody left to go to is canceled", async () => {
    await using harness = await dispatchHarness();
    harness.attempter.script = () => ({ kind: "void" });
    await harness.publish(1);
    await eventually(async () =>
      expect(await deliveryOf(harness.files.store, 1)).toMatchObject({ state: 3, due: null, attempts: 0 }),
    );
  });
});

describe("bounds", () => {
  it("keeps at most laneJobs jobs of an endpoint in memory and still delivers all of them, once", async () => {
    await using harness = await dispatchHarness({ limits: { laneJobs: 4 }, policy: { concurrency: 2 } });
    const { attempter, files, dispatcher } = harness;
    attempter.script = () => null;
    const ids = Array.from({ length: 50 }, (_, index) => index + 1);
    for (const id of ids) await harness.publish(id, { payload: Buffer.alloc(1000) });
    expect(attempter.open).toHaveLength(2);
    expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(4 * 1256);
    while (attempter.jobs.length < ids.length || attempter.open.length > 0) {
      await eventually(() => expect(attempter.open.length).toBeGreaterThan(0));
      expect(attempter.open.length).toBeLessThanOrEqual(2);
      expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(4 * 1256);
      attempter.open[0]!.end(made(0));
    }
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.messages.toSorted((a, b) => a - b)).toEqual(ids);
  });

  it("keeps within queueBytes over all endpoints and lets every one of them go on", async () => {
    await using harness = await dispatchHarness({ limits: { queueBytes: 2000 }, policy: { concurrency: 1 } });
    const { attempter, dispatcher, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 30; id++) {
      await harness.publish(id, { endpointIds: [1 + (id % 3)], payload: Buffer.alloc(900) });
    }
    // A lane that has nothing may always take one.
    expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(2000 + 3 * 1156);
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(new Set(attempter.messages).size).toBe(30);
    expect(attempter.jobs).toHaveLength(30);
  });

  it("one endpoint that hangs does not hold up another", async () => {
    await using harness = await dispatchHarness({ limits: { concurrency: 8 }, policy: { concurrency: 4 } });
    const { attempter, files } = harness;
    attempter.script = (job) => (job.endpointId === 1 ? null : made(0));
    for (let id = 1; id <= 40; id++) await harness.publish(id, { endpointIds: [1, 2] });
    await eventually(async () => {
      const left = (await files.store.backlog()).map((entry) => entry.endpointId);
      expect(left).toEqual([1]);
    });
    expect(attempter.open).toHaveLength(4);
  });

  it("gives endpoints their turns one after the other, however much each has waiting", async () => {
    await using harness = await dispatchHarness({ limits: { concurrency: 1 }, policy: { concurrency: 1 } });
    const { attempter } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 6; id++) await harness.publish(id, { endpointIds: [1] });
    for (let id = 7; id <= 9; id++) await harness.publish(id, { endpointIds: [2] });
    for (let count = 1; count <= 9; count++) {
      await eventually(() => expect(attempter.open).toHaveLength(1));
      attempter.open[0]!.end(made(0));
      await eventually(() => expect(attempter.jobs.length).toBe(Math.min(9, count + 1)));
    }
    // The first began before the second endpoint had anything to do.
    expect(attempter.jobs.slice(1, 7).map((job) => job.endpointId)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it("fills no more than queueBytes after a restart that finds many endpoints with much to do", async () => {
    await using harness = await dispatchHarness({ limits: { queueBytes: 5000 }, policy: { concurrency: 1 } });
    const { attempter, dispatcher, files, clock } = harness;
    attempter.script = () => null;
    const endpointIds = Array.from({ length: 40 }, (_, index) => index + 1);
    for (let id = 1; id <= 10; id++) {
      await files.store.accept(acceptEntry(id, { endpointIds, due: clock.now(), payload: Buffer.alloc(1000) }));
    }
    await dispatcher.start();
    clock.advance(0);
    await eventually(() => expect(attempter.open).toHaveLength(40));
    // A lane that has nothing queued may always take one.
    expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(5000 + 40 * 1256);
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.jobs).toHaveLength(400);
  });

  it("makes no further attempts at all while outcomes cannot be written", async () => {
    let stuck = true;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 1000 },
      wrap: (store) =>
        faulty(store, { record: () => (stuck ? Promise.reject(new Error("disk full")) : Promise.resolve()) }),
    });
    const { attempter, clock, files } = harness;
    const ids = Array.from({ length: 700 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => harness.publish(id, { endpointIds: [1 + (id % 3)] })));
    const before = attempter.jobs.length;
    expect(before).toBeLessThan(200);
    await harness.publish(701, { endpointIds: [4] });
    expect(attempter.jobs).toHaveLength(before);
    stuck = false;
    await eventually(async () => {
      clock.advance(1000);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(attempter.messages.toSorted((a, b) => a - b)).toEqual([...ids, 701]);
  });
});

describe("a held endpoint", () => {
  it("keeps nothing in memory, uses no attempt up, and goes on when it is woken", async () => {
    await using harness = await dispatchHarness();
    const { attempter, dispatcher, files, clock } = harness;
    attempter.script = () => ({ kind: "held" });
    await harness.publish(1);
    await eventually(() => expect(dispatcher.load.inFlight).toBe(0));
    for (let id = 2; id <= 20; id++) await harness.publish(id);
    clock.advance(3_600_000);
    expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0, oldestDue: null });
    expect(attempter.messages).toEqual([1]);
    attempter.script = () => made(0);
    dispatcher.wake(1);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect((await deliveryOf(files.store, 1))?.attempts).toBe(1);
    expect(dispatcher.load.lanes).toBe(0);
  });

  it("keeps nothing in memory either when the store was just being asked for its jobs", async () => {
    const gate = Promise.withResolvers<void>();
    let asked = false;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 2 },
      policy: { concurrency: 1 },
      wrap: (store) =>
        faulty(store, {
          due: () => {
            asked = true;
            return gate.promise;
          },
        }),
    });
    const { attempter, dispatcher, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 6; id++) await harness.publish(id);
    dispatcher.wake(1);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(asked).toBe(true));
    await eventually(() => expect(attempter.open).toHaveLength(1));
    attempter.open[0]!.end({ kind: "held" });
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0, oldestDue: null }));
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0, oldestDue: null });
    attempter.script = () => made(0);
    dispatcher.wake(1);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });

  it("that is switched on while an attempt still sees it off is not held for good", async () => {
    await using harness = await dispatchHarness();
    const { attempter, dispatcher, files } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    const [open] = attempter.open;
    dispatcher.wake(1);
    attempter.script = () => made(0);
    open!.end({ kind: "held" });
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });
});

describe("a pause after a fault of our own", () => {
  it("ends by itself", async () => {
    await using harness = await dispatchHarness();
    const { attempter, clock, files } = harness;
    attempter.script = () => ({ kind: "not_now", pauseMs: 2000 });
    await harness.publish(1);
    await eventually(() => expect(clock.waiting).toBe(1));
    attempter.script = () => made(0);
    clock.advance(1999);
    expect(attempter.jobs).toHaveLength(1);
    clock.advance(1);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });

  it("ends also when a retry became due within it", async () => {
    await using harness = await dispatchHarness({ retrySchedule: [1000] });
    const { attempter, clock, files } = harness;
    attempter.script = () => made(2);
    await harness.publish(1);
    await eventually(() => expect(clock.waiting).toBe(1));
    attempter.script = () => ({ kind: "not_now", pauseMs: 5000 });
    await harness.publish(2);
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    attempter.script = () => made(0);
    clock.advance(1000);
    clock.advance(4000);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });

  it("ends also for jobs that a page brought in meanwhile", async () => {
    const gate = Promise.withResolvers<void>();
    let asked = false;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 2 },
      policy: { concurrency: 1 },
      wrap: (store) =>
        faulty(store, {
          due: () => {
            asked = true;
            return gate.promise;
          },
        }),
    });
    const { attempter, dispatcher, clock, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 6; id++) await harness.publish(id);
    dispatcher.wake(1);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(asked).toBe(true));
    await eventually(() => expect(attempter.open).toHaveLength(1));
    attempter.open[0]!.end({ kind: "not_now", pauseMs: 2000 });
    await eventually(() => expect(dispatcher.load.inFlight).toBe(0));
    gate.resolve();
    attempter.script = () => made(0);
    await eventually(async () => {
      clock.advance(2000);
      expect(await files.store.backlog()).toEqual([]);
    });
  });

  it("after a page that failed lets the jobs in memory go on as well", async () => {
    let broken = false;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 4, concurrency: 8 },
      policy: { concurrency: 1 },
      wrap: (store) =>
        faulty(store, { due: () => (broken ? Promise.reject(new Error("cannot read")) : Promise.resolve()) }),
    });
    const { attempter, trouble, clock, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 4; id++) await harness.publish(id);
    broken = true;
    harness.dispatcher.wake(1);
    await eventually(() => expect(trouble).toContain("page"));
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    // Another endpoint is busy meanwhile, so that every lane was looked at.
    await harness.publish(10, { endpointIds: [2] });
    broken = false;
    await eventually(async () => {
      clock.advance(500);
      expect(await files.store.backlog()).toEqual([]);
    });
  });
});

describe("a resend", () => {
  it("during an attempt in flight is not lost", async () => {
    await using harness = await dispatchHarness();
    const { attempter, files } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await resend(harness, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(attempter.jobs).toHaveLength(1);
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.jobs.map((job) => job.trigger)).toEqual([0, 1]);
    expect((await deliveryOf(files.store, 1))?.state).toBe(1);
  });

  it("that fails leaves a delivery that succeeded meanwhile succeeded, and is not retried", async () => {
    await using harness = await dispatchHarness();
    const { attempter, files, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await resend(harness, 1);
    attempter.script = () => made(2);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(attempter.jobs).toHaveLength(2));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    clock.advance(3_600_000);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, due: null });
    expect(attempter.jobs).toHaveLength(2);
  });

  it("that fails gives way to the retry that was scheduled, also after a restart", async () => {
    await using files = await openStore();
    {
      await using before = await dispatchHarness({ files, retrySchedule: [60_000] });
      before.attempter.script = () => made(2);
      await before.publish(1);
      await eventually(async () => expect((await deliveryOf(files.store, 1))?.attempts).toBe(1));
      before.attempter.script = () => null;
      await resend(before, 1);
      await eventually(() => expect(before.attempter.open).toHaveLength(1));
    }
    await using after = await dispatchHarness({ files, retrySchedule: [60_000] });
    after.attempter.script = () => made(2);
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(async () => expect((await deliveryOf(files.store, 1))?.manual).toBe(0));
    await eventually(() => expect(after.dispatcher.load.inFlight).toBe(0));
    after.attempter.script = () => made(0);
    await eventually(async () => {
      after.clock.advance(60_000);
      expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, attempts: 2 });
    });
    expect(after.attempter.jobs.map((job) => job.trigger)).toEqual([1, 0]);
  });
});

describe("an outcome that the store does not take", () => {
  it("is offered again until it does, and the attempt is not repeated", async () => {
    let failures = 3;
    await using harness = await dispatchHarness({
      wrap: (store) =>
        faulty(store, {
          record: () => (failures-- > 0 ? Promise.reject(new Error("disk full")) : Promise.resolve()),
        }),
    });
    const { attempter, clock, trouble, files } = harness;
    await harness.publish(1);
    await eventually(async () => {
      clock.advance(30_000);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(trouble).toEqual(["record", "record", "record"]);
    expect(attempter.jobs).toHaveLength(1);
    // Nothing is left behind of the waiting, which may go on for hours.
    await eventually(() => expect(getEventListeners(attempter.signal!, "abort")).toEqual([]));
  });
});

describe("stop", () => {
  it("waits for the attempts in flight, records them, and starts no other", async () => {
    await using files = await openStore();
    await using harness = await dispatchHarness({ files, policy: { concurrency: 1 } });
    const { attempter, dispatcher } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    await harness.publish(2);
    const stopped = dispatcher.stop(10_000);
    attempter.open[0]!.end(made(0));
    await stopped;
    expect(attempter.messages).toEqual([1]);
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1 });
    expect(await deliveryOf(files.store, 2)).toMatchObject({ state: 0, attempts: 0 });
  });

  it("breaks off what takes longer than the bound and leaves it pending, with no attempt used up", async () => {
    await using files = await openStore();
    await using harness = await dispatchHarness({ files });
    const { attempter, dispatcher, clock } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    const stopped = dispatcher.stop(10_000);
    clock.advance(10_000);
    await stopped;
    expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 0, attempts: 0, due: clock.now() - 10_000 });
    expect(await files.store.db.selectFrom("attempt").selectAll().execute()).toEqual([]);
  });

  it("ends also when the store takes no outcome any more", async () => {
    await using harness = await dispatchHarness({
      wrap: (store) => faulty(store, { record: () => Promise.reject(new Error("disk gone")) }),
    });
    await harness.publish(1);
    await eventually(() => expect(harness.trouble).toContain("record"));
    const stopped = harness.dispatcher.stop(1000);
    harness.clock.advance(1000);
    await stopped;
    expect((await deliveryOf(harness.files.store, 1))?.state).toBe(0);
  });

  it("takes nothing over any more; what is pushed or woken stays in the store", async () => {
    await using harness = await dispatchHarness();
    await harness.dispatcher.stop(0);
    await harness.publish(1);
    harness.dispatcher.wake(1);
    harness.clock.advance(1000);
    expect(harness.attempter.jobs).toEqual([]);
    expect((await deliveryOf(harness.files.store, 1))?.state).toBe(0);
  });
});

describe("a crash", () => {
  it("between an attempt and its outcome sends the job again with the same id", async () => {
    await using files = await openStore();
    const firstIds: string[] = [];
    {
      await using before = await dispatchHarness({
        files,
        wrap: (store) => faulty(store, { record: () => Promise.reject(new Error("killed")) }),
      });
      await before.publish(1);
      await eventually(() => expect(before.trouble).toContain("record"));
      firstIds.push(...before.attempter.jobs.map((job) => job.publicId));
    }
    await using after = await dispatchHarness({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(() => expect(after.attempter.jobs.map((job) => job.publicId)).toEqual(firstIds));
  });

  it("cannot double what was recorded", async () => {
    await using files = await openStore();
    await files.store.accept(acceptEntry(1));
    await files.store.record(recordEntry(1, { attempt: attemptEntry(10) }));
    await using after = await dispatchHarness({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    expect(after.attempter.jobs).toEqual([]);
  });
});

describe("a write that was said to have failed", () => {
  it("and was made all the same is found, as soon as the store answers", async () => {
    await using files = await openStore();
    let failures = 2;
    await using harness = await dispatchHarness({
      files,
      wrap: (store) =>
        faulty(store, {
          backlog: () => (failures-- > 0 ? Promise.reject(new Error("still away")) : Promise.resolve()),
        }),
    });
    await files.store.accept(acceptEntry(1, { due: harness.clock.now() }));
    harness.dispatcher.rescan();
    await eventually(() => {
      harness.clock.advance(2000);
      expect(harness.attempter.messages).toEqual([1]);
    });
    expect(harness.trouble).toEqual(["page", "page"]);
  });
});
