/** Tests of disabled endpoints, and of pauses after a fault on our side. */
import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, faulty, made } from "../../test/support/dispatch.ts";
import { acceptEntry } from "../../test/support/store.ts";
import { deliveryOf } from "../../test/support/store.ts";

describe("an endpoint on hold", () => {
  it("keeps no jobs in memory, uses up no retries, and continues when it is woken", async () => {
    await using harness = await dispatchHarness();
    const { attempter, dispatcher, files, clock } = harness;
    attempter.script = () => ({ kind: "held" });
    await harness.publish(1);
    await eventually(() => expect(dispatcher.load.inFlight).toBe(0));
    for (let id = 2; id <= 20; id++) await harness.publish(id);
    clock.advance(3_600_000);
    expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0 });
    expect(attempter.messages).toEqual([1]);
    attempter.script = () => made(0);
    dispatcher.wake(1);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
    expect((await deliveryOf(files.store, 1))?.attempts).toBe(1);
    expect(dispatcher.load.lanes).toBe(0);
  });

  it("keeps no jobs in memory when a page was loading at that moment", async () => {
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
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0 }));
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(dispatcher.load).toMatchObject({ inFlight: 0, queuedBytes: 0 });
    attempter.script = () => made(0);
    dispatcher.wake(1);
    await eventually(async () => expect(await files.store.backlog()).toEqual([]));
  });

  it("that is enabled while an attempt still sees it disabled does not stay on hold", async () => {
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

describe("a page that fails after the stop", () => {
  it("is not an error, because a stop does not wait for it and the store may be closed", async () => {
    const { promise: reading, reject } = Promise.withResolvers<void>();
    let isRead = false;
    await using harness = await dispatchHarness({
      wrap: (store) =>
        faulty(store, {
          due: () => {
            isRead = true;
            return reading;
          },
        }),
    });
    await harness.files.store.accept(acceptEntry(1));
    harness.dispatcher.look([1], null);
    await eventually(() => expect(isRead).toBe(true));
    await harness.dispatcher.stop(0);
    reject(new Error("The database is closed."));
    await new Promise(setImmediate);
    expect(harness.faults).toEqual([]);
  });
});

describe("a pause after a fault on our side", () => {
  it("ends on its own", async () => {
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

  it("also ends when a retry became due during it", async () => {
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

  it("also ends for jobs that a page loaded during it", async () => {
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

  it("after a failed page also ends for the jobs in memory", async () => {
    let broken = false;
    await using harness = await dispatchHarness({
      limits: { laneJobs: 4, concurrency: 8 },
      policy: { concurrency: 1 },
      wrap: (store) =>
        faulty(store, { due: () => (broken ? Promise.reject(new Error("cannot read")) : Promise.resolve()) }),
    });
    const { attempter, faults, clock, files } = harness;
    attempter.script = () => null;
    for (let id = 1; id <= 4; id++) await harness.publish(id);
    broken = true;
    harness.dispatcher.wake(1);
    await eventually(() => expect(faults).toContain("page"));
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(() => expect(harness.dispatcher.load.inFlight).toBe(0));
    // Another endpoint is busy in the meantime, so every lane has been served.
    await harness.publish(10, { endpointIds: [2] });
    broken = false;
    await eventually(async () => {
      clock.advance(500);
      expect(await files.store.backlog()).toEqual([]);
    });
  });
});
