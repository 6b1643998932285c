import { describe, expect, it } from "vitest";
import { dispatchHarness, eventually, lanePolicy, made } from "../../test/support/dispatch.ts";
import type { LanePolicy } from "./policy.ts";

const DELETED = lanePolicy(1);

describe("a policy that is slow to load", () => {
  it("creates no second lane of the endpoint when it arrives after the lane became idle", async () => {
    const later = Promise.withResolvers<LanePolicy>();
    const answers: (LanePolicy | Promise<LanePolicy>)[] = [lanePolicy(1), later.promise];
    await using harness = await dispatchHarness({ policyOf: () => answers.shift() ?? lanePolicy(1) });
    const { attempter, dispatcher } = harness;
    await harness.publish(1);
    await harness.publish(2);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
    await eventually(() => expect(dispatcher.load).toMatchObject({ inFlight: 0 }));
    await eventually(async () => expect(await harness.files.store.backlog()).toEqual([]));
    attempter.script = () => null;
    await harness.publish(3);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    later.resolve({ ...lanePolicy(1), concurrency: 8 });
    await later.promise;
    attempter.script = () => made(0);
    await harness.publish(4);
    await eventually(() => expect(attempter.messages).toContain(4));
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await harness.files.store.backlog()).toEqual([]));
    expect(attempter.messages).toEqual([1, 2, 3, 4]);
    await eventually(() => expect(dispatcher.load.lanes).toBe(0));
  });

  it("keeps queued jobs from starting once their lane was woken", async () => {
    const later = Promise.withResolvers<LanePolicy>();
    const answers = new Map<number, LanePolicy | Promise<LanePolicy>>();
    await using harness = await dispatchHarness({
      limits: { concurrency: 1 },
      policyOf: (id) => answers.get(id) ?? lanePolicy(id),
    });
    const { attempter, clock, dispatcher } = harness;
    attempter.script = () => null;
    await harness.publish(1, { endpointIds: [1] });
    await harness.publish(2, { endpointIds: [2] });
    answers.set(2, later.promise);
    dispatcher.wake(2);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await harness.files.store.backlog()).toHaveLength(1));
    expect(attempter.messages).toEqual([1]);
    later.resolve({ ...lanePolicy(2), pausedUntil: clock.now() + 1000 });
    answers.set(2, { ...lanePolicy(2), pausedUntil: clock.now() + 1000 });
    await eventually(() => expect(dispatcher.inspect(2)).toMatchObject({ pausedUntil: clock.now() + 1000, queued: 0 }));
    expect(attempter.messages).toEqual([1]);
    clock.advance(1000);
    await eventually(() => expect(attempter.messages).toEqual([1, 2]));
  });

  it("is not read again and again while a full lane waits for its attempts", async () => {
    let reads = 0;
    await using harness = await dispatchHarness({
      limits: { concurrency: 1, laneJobs: 1 },
      policyOf: () => {
        reads++;
        // Otherwise, a failure of this test would be an infinite loop.
        return reads > 1000 ? lanePolicy(1) : Promise.resolve(DELETED);
      },
    });
    const { attempter } = harness;
    attempter.script = () => null;
    for (const id of [1, 2, 3]) await harness.publish(id);
    await eventually(() => expect(attempter.open).toHaveLength(1));
    await new Promise(setImmediate);
    expect(reads).toBeLessThan(100);
    attempter.script = () => made(0);
    attempter.open[0]!.end(made(0));
    await eventually(async () => expect(await harness.files.store.backlog()).toEqual([]));
    expect(attempter.messages).toEqual([1, 2, 3]);
  });
});
