import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, faulty, lanePolicy, made, resend } from "../../test/support/dispatch.ts";
import { deliveryOf, openStore } from "../../test/support/store.ts";
import type { AttemptResult } from "./types.ts";

describe("a job", () => {
  it("is attempted once and recorded as succeeded", async () => {
    await using harness = await dispatchHarness();
    await harness.publish(1);
    await eventually(async () => expect((await deliveryOf(harness.files.store, 1))?.state).toBe(1));
    expect(harness.attempter.messages).toEqual([1]);
    await eventually(() =>
      expect(harness.dispatcher.load).toEqual({ inFlight: 0, lanes: 0, queuedBytes: 0, oldestDue: null }),
    );
  });

  it("fails at once when a retry would fail in the same way, even if retries are left", async () => {
    await using harness = await dispatchHarness({ retrySchedule: [5000] });
    harness.attempter.script = () => ({ ...made(2), final: true }) as AttemptResult;
    await harness.publish(1);
    await eventually(async () =>
      expect(await deliveryOf(harness.files.store, 1)).toMatchObject({ state: 2, due: null, attempts: 1 }),
    );
    expect(harness.attempter.jobs).toHaveLength(1);
  });

  it("is retried on schedule, and fails when the retries are exhausted", async () => {
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
    // The outcome is stored a moment before the lane learns of it.
    await eventually(() => expect(harness.dispatcher.load.lanes).toBe(0));
  });

  it("that fails while its endpoint is deleted is canceled instead of failed", async () => {
    let isThere = true;
    await using harness = await dispatchHarness({ policyOf: () => (isThere ? lanePolicy(1) : null) });
    const { attempter, clock, dispatcher, files } = harness;
    attempter.script = () => null;
    await harness.publish(1);
    isThere = false;
    dispatcher.wake(1);
    attempter.script = () => ({ kind: "void", reason: "endpoint_gone" });
    attempter.open[0]!.end(made(2));
    await eventually(async () => {
      clock.advance(0);
      expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 3, due: null, attempts: 1 });
    });
  });

  it("that is due later is attempted when it is due, and not before", async () => {
    await using harness = await dispatchHarness();
    await harness.publish(1, { due: harness.clock.now() + 60_000 });
    harness.clock.advance(59_999);
    expect(harness.attempter.jobs).toEqual([]);
    harness.clock.advance(1);
    await eventually(() => expect(harness.attempter.messages).toEqual([1]));
  });

  it("left by an earlier run is found at startup, whether it is due now or later", async () => {
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

  it("whose attempt throws is attempted again after a pause, without using up a retry", async () => {
    await using harness = await dispatchHarness();
    const { attempter, clock, faults, files } = harness;
    attempter.script = () => {
      throw new Error("a bug of ours");
    };
    await harness.publish(1);
    await eventually(() => expect(faults).toEqual(["attempt"]));
    attempter.script = () => made(0);
    await eventually(() => expect(clock.waiting).toBe(1));
    clock.advance(30_000);
    await eventually(async () => expect(await deliveryOf(files.store, 1)).toMatchObject({ state: 1, attempts: 1 }));
  });

  it("whose endpoint no longer exists is canceled", async () => {
    await using harness = await dispatchHarness();
    harness.attempter.script = () => ({ kind: "void" });
    await harness.publish(1);
    await eventually(async () =>
      expect(await deliveryOf(harness.files.store, 1)).toMatchObject({ state: 3, due: null, attempts: 0 }),
    );
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

  it("that fails leaves a delivery that has succeeded unchanged, and is not retried", async () => {
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

  it("that fails leaves the scheduled retry in place, also after a restart", async () => {
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

describe("an outcome that the store rejects", () => {
  it("is recorded again until the store accepts it, without another attempt", async () => {
    let failures = 3;
    await using harness = await dispatchHarness({
      wrap: (store) =>
        faulty(store, {
          record: () => (failures-- > 0 ? Promise.reject(new Error("disk full")) : Promise.resolve()),
        }),
    });
    const { attempter, clock, faults, files } = harness;
    await harness.publish(1);
    await eventually(async () => {
      clock.advance(30_000);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(faults).toEqual(["record", "record", "record"]);
    expect(attempter.jobs).toHaveLength(1);
    // The wait can last hours, so it must not leak listeners.
    await eventually(() => expect(getEventListeners(attempter.signal!, "abort")).toEqual([]));
  });
});
