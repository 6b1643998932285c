/** Tests of how a process ends, and how the next one continues. */
import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, faulty, made } from "../../test/support/dispatch.ts";
import { acceptEntry, attemptRecord, deliveryOf, openStore, successOutcome } from "../../test/support/store.ts";

describe("stop", () => {
  it("waits for the attempts in flight, records them, and starts no others", async () => {
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

  it("aborts attempts that exceed the grace period and leaves them pending, without using up a retry", async () => {
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

  it("also completes when the store no longer accepts outcomes", async () => {
    await using harness = await dispatchHarness({
      wrap: (store) => faulty(store, { record: () => Promise.reject(new Error("disk gone")) }),
    });
    await harness.publish(1);
    await eventually(() => expect(harness.faults).toContain("record"));
    const stopped = harness.dispatcher.stop(1000);
    harness.clock.advance(1000);
    await stopped;
    expect((await deliveryOf(harness.files.store, 1))?.state).toBe(0);
  });

  it("accepts no further jobs: pushed and woken ones stay in the store", async () => {
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
  it("between an attempt and its outcome sends the job again under the same ID", async () => {
    await using files = await openStore();
    const firstIds: string[] = [];
    {
      await using before = await dispatchHarness({
        files,
        wrap: (store) => faulty(store, { record: () => Promise.reject(new Error("killed")) }),
      });
      await before.publish(1);
      await eventually(() => expect(before.faults).toContain("record"));
      firstIds.push(...before.attempter.jobs.map((job) => job.publicId));
    }
    await using after = await dispatchHarness({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    await eventually(() => expect(after.attempter.jobs.map((job) => job.publicId)).toEqual(firstIds));
  });

  it("cannot repeat a recorded attempt", async () => {
    await using files = await openStore();
    await files.store.accept(acceptEntry(1));
    await files.store.record(successOutcome(1, { attempt: attemptRecord(10) }));
    await using after = await dispatchHarness({ files });
    await after.dispatcher.start();
    after.clock.advance(0);
    expect(after.attempter.jobs).toEqual([]);
  });
});

describe("a write that was reported as failed", () => {
  it("but was committed is found as soon as the store responds again", async () => {
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
    expect(harness.faults).toEqual(["page", "page"]);
  });
});
