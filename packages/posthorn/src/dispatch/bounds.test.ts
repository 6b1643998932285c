/** Tests of the limits on jobs in memory and attempts in flight. */
import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, faulty, made } from "../../test/support/dispatch.ts";
import { acceptEntry } from "../../test/support/store.ts";

describe("memory and fairness limits", () => {
  it("keep at most laneJobs jobs of an endpoint in memory and still deliver each of them once", async () => {
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

  it("keep the jobs of all endpoints within queueBytes while every endpoint makes progress", async () => {
    await using harness = await dispatchHarness({ limits: { queueBytes: 2000 }, policy: { concurrency: 1 } });
    const { attempter, dispatcher, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 30; id++) {
      await harness.publish(id, { endpointIds: [1 + (id % 3)], payload: Buffer.alloc(900) });
    }
    // An empty lane can always take one job.
    expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(2000 + 3 * 1156);
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(new Set(attempter.messages).size).toBe(30);
    expect(attempter.jobs).toHaveLength(30);
  });

  it("deliver to other endpoints while one hangs", async () => {
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

  it("serve endpoints round robin, regardless of how many jobs each has queued", async () => {
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
    // The first attempt started before the second endpoint had any jobs.
    expect(attempter.jobs.slice(1, 7).map((job) => job.endpointId)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it("change while attempts are in flight: a lower limit applies to new attempts, a higher one at once", async () => {
    const policy = (endpointId: number) => ({ tenant: 1, host: "one.example.com", concurrency: endpointId + 20 });
    await using harness = await dispatchHarness({ limits: { concurrency: 8, hostConcurrency: 8 }, policy });
    const { attempter, dispatcher } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 20; id++) await harness.publish(id, { endpointIds: [1 + (id % 4)] });
    // Of one tenant.
    await eventually(() => expect(attempter.open).toHaveLength(6));
    dispatcher.limit({ concurrency: 4, hostConcurrency: 2 });
    for (let ended = 0; ended < 5; ended++) attempter.open[0]!.end(made(0));
    await eventually(() => expect(dispatcher.load.inFlight).toBe(2));
    dispatcher.limit({ concurrency: 8, hostConcurrency: 3 });
    await eventually(() => expect(attempter.open).toHaveLength(3));
    dispatcher.limit({ concurrency: 8, hostConcurrency: 8 });
    await eventually(() => expect(attempter.open).toHaveLength(6));
  });

  it("stay within queueBytes after a restart that finds many endpoints with large backlogs", async () => {
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
    // An empty lane can always take one job.
    expect(dispatcher.load.queuedBytes).toBeLessThanOrEqual(5000 + 40 * 1256);
    attempter.script = () => made(0);
    for (const open of attempter.open.slice()) open.end(made(0));
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect(attempter.jobs).toHaveLength(400);
  });

  it("stop all further attempts while outcomes cannot be stored", async () => {
    let stuck = true;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 1000 },
      wrap: (store) =>
        faulty(store, { record: () => (stuck ? Promise.reject(new Error("disk full")) : Promise.resolve()) }),
    });
    const { attempter, clock, files } = harness;
    const ids = Array.from({ length: 700 }, (_, index) => index + 1);
    await Promise.all(ids.map((id) => harness.publish(id, { endpointIds: [1 + (id % 3)] })));
    await eventually(() => expect(harness.faults).toContain("record"));
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
