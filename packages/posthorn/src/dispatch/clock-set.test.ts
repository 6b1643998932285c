/** Tests that setting the clock back or forward changes neither the order nor the time of deliveries without a delay. */
import { describe, expect, it } from "vitest";
import { type DispatchHarness, dispatchHarness, eventually, made } from "../../test/support/dispatch.ts";
import { deliveryOf, openStore, type TestStore } from "../../test/support/store.ts";
import { keyAtTime, timeOfKey } from "../lib/id.ts";
import type { AcceptEntry } from "../store/store.ts";
import type { LanePolicy } from "./policy.ts";
import type { AttemptResult } from "./types.ts";

/**
 * A time after 2014, which is the epoch of keys, and in the past: PostgreSQL needs a partition for each day until a message of the future,
 * and visits all of them in every query.
 */
const NOW = 1_500_000_000_000;
const HOUR = 3_600_000;

interface Scene extends AsyncDisposable {
  readonly harness: DispatchHarness;
  readonly ids: number[];
  /** Publishes as a node does, with keys that never decrease. @param dueOf Due time of a message by its key; default: the time in the key. */
  publish(count: number, dueOf?: (id: number) => number, changes?: Partial<AcceptEntry>): Promise<void>;
}

interface SceneOptions {
  readonly by: "key" | "endpoint" | null;
  readonly files: TestStore;
  readonly at?: number;
  readonly lastId?: number;
}

async function openScene({ by, files, at = NOW, lastId = 0 }: SceneOptions): Promise<Scene> {
  const harness = await dispatchHarness({
    files,
    limits: { laneJobs: 4 },
    retrySchedule: [5000],
    policy: { concurrency: 1, order: by === null ? null : { by, onFailure: "block", maxBlockMs: null } },
  });
  harness.clock.leap(at - harness.clock.now());
  harness.attempter.script = () => null;
  const ids: number[] = [];
  let last = lastId;
  const keys = by === null ? {} : { orderingKey: "a", orderKeys: ["a"] };
  return {
    harness,
    ids,
    publish: async (count, dueOf = timeOfKey, changes = {}) => {
      for (let n = 0; n < count; n++) {
        last = Math.max(keyAtTime(harness.clock.now()), last + 1);
        ids.push(last);
        await harness.publish(last, { due: dueOf(last), ...keys, ...changes });
      }
    },
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

/** Ends the attempts in flight, and lets all others succeed without advancing the clock. */
async function finish({ harness: { attempter, files } }: Scene): Promise<void> {
  attempter.script = () => made(0);
  for (const open of attempter.open.slice()) open.end(made(0));
  await eventually(async () => expect(await files.store.backlog()).toEqual([]));
}

const ORDERS = ["key", "endpoint"] as const;
/** Due times in the format of this version, and in that of earlier versions. */
const DUES: readonly (readonly [string, (id: number) => number])[] = [
  ["the time in the key", timeOfKey],
  ["the time of the publish", (id) => timeOfKey(id) + 3],
];

describe.each(ORDERS)("messages in order by %s, more than a lane holds", (by) => {
  it.each(DUES)(
    "stay in order and are sent at once when the clock is set back, with %s as due",
    async (_name, dueOf) => {
      for (const back of [2, 3000, HOUR]) {
        await using files = await openStore();
        await using scene = await openScene({ by, files });
        await scene.publish(12, dueOf);
        scene.harness.clock.leap(-back);
        await scene.publish(8, dueOf);
        await finish(scene);
        expect(scene.harness.attempter.messages).toEqual(scene.ids);
      }
    },
  );

  it("stay in order and are sent at once after a restart with the clock set back", async () => {
    await using files = await openStore();
    await using before = await openScene({ by, files });
    await before.publish(12);
    const stopped = before.harness.dispatcher.stop(0);
    before.harness.clock.advance(10_000);
    await stopped;
    await using after = await openScene({ by, files, at: NOW - HOUR, lastId: before.ids.at(-1)! });
    // By this clock, nothing is due yet, but `DeliveryStore` still wakes the lane.
    after.harness.dispatcher.wake(1);
    await after.publish(8);
    await finish(after);
    expect(after.harness.attempter.messages).toEqual([...before.ids, ...after.ids]);
  });

  it("stay in order when the clock is set forward and back again", async () => {
    await using files = await openStore();
    await using scene = await openScene({ by, files });
    await scene.publish(6);
    scene.harness.clock.leap(HOUR);
    await scene.publish(6);
    scene.harness.clock.leap(-HOUR);
    await scene.publish(6);
    await finish(scene);
    expect(scene.harness.attempter.messages).toEqual(scene.ids);
  });
});

describe("when the clock is set back", () => {
  it("messages without an order are sent at once, regardless of how many are queued", async () => {
    await using files = await openStore();
    await using scene = await openScene({ by: null, files });
    await scene.publish(12);
    scene.harness.clock.leap(-HOUR);
    await scene.publish(8);
    await finish(scene);
    expect(scene.harness.attempter.messages.toSorted((a, b) => a - b)).toEqual(scene.ids);
  });

  it("messages delayed by their sender are not sent before their due time", async () => {
    await using files = await openStore();
    await using scene = await openScene({ by: "key", files });
    const { harness } = scene;
    await scene.publish(6);
    harness.clock.leap(-HOUR);
    const deliverAt = harness.clock.now() + 60_000;
    await scene.publish(1, () => deliverAt, { deliverAt });
    await scene.publish(6);
    const delayed = scene.ids[6]!;
    harness.attempter.script = () => made(0);
    for (const open of harness.attempter.open.slice()) open.end(made(0));
    await eventually(() => expect(harness.attempter.messages).toHaveLength(12));
    expect(harness.attempter.messages).not.toContain(delayed);
    harness.clock.advance(59_999);
    expect(harness.attempter.messages).not.toContain(delayed);
    harness.clock.advance(1);
    await eventually(() => expect(harness.attempter.messages.at(-1)).toBe(delayed));
  });

  it("a retry is not made before its scheduled time, and the jobs after it wait for it", async () => {
    await using files = await openStore();
    await using scene = await openScene({ by: "key", files });
    const { harness } = scene;
    await scene.publish(6);
    harness.clock.leap(-HOUR);
    await scene.publish(2);
    const [first] = scene.ids;
    harness.attempter.open[0]!.end(made(2));
    await eventually(async () => expect(await deliveryOf(files.store, first!)).toMatchObject({ attempts: 1 }));
    harness.attempter.script = () => made(0);
    harness.clock.advance(4999);
    expect(harness.attempter.messages).toEqual([first]);
    harness.clock.advance(1);
    await eventually(async () => {
      harness.clock.advance(100);
      expect(await files.store.backlog()).toEqual([]);
    });
    expect(harness.attempter.messages).toEqual([first, ...scene.ids]);
  });
});

describe("a wait for a duration does not become longer when the clock is set back:", () => {
  /** A dispatcher at `NOW` whose attempts stay open until the test ends them. */
  async function openWaiting(policy: Partial<LanePolicy>): Promise<DispatchHarness> {
    const harness = await dispatchHarness({ policy });
    harness.clock.leap(NOW - harness.clock.now());
    return harness;
  }

  /** Publishes messages. @param first Number of the first one, which makes its key unique. */
  async function publish({ clock, publish: store }: DispatchHarness, first: number, count = 1): Promise<void> {
    const key = keyAtTime(clock.now());
    for (let n = first; n < first + count; n++) await store(key + n, { due: timeOfKey(key + n) });
  }

  /** Advances the clock in steps, and lets the store respond after each of them. */
  async function pass({ clock, files }: DispatchHarness, ms: number, stepMs = 50): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      clock.advance(Math.min(stepMs, left));
      await files.store.backlog();
    }
  }

  it.each([2, 3000, HOUR])("of a rate, with the clock set back by %i ms", async (back) => {
    await using harness = await openWaiting({ rate: 2 });
    await publish(harness, 0, 6);
    await eventually(() => expect(harness.attempter.jobs).toHaveLength(1));
    harness.clock.leap(-back);
    await pass(harness, 6 * 600);
    expect(harness.attempter.jobs).toHaveLength(6);
  });

  it("of an open circuit", async () => {
    const breaker = { failures: 1, windowMs: 0, probeMs: 60_000, maxProbeMs: 60_000 };
    await using harness = await openWaiting({ breaker });
    harness.attempter.script = () => made(2);
    await publish(harness, 0);
    await eventually(() => expect(harness.dispatcher.inspect(1)?.breaker.state).toBe("open"));
    await publish(harness, 1);
    await pass(harness, 20_000, 1000);
    harness.clock.leap(-HOUR);
    await pass(harness, 39_900, 1000);
    expect(harness.attempter.jobs).toHaveLength(1);
    await pass(harness, 200);
    await eventually(() => expect(harness.attempter.jobs).toHaveLength(2));
  });

  it("of an endpoint that asked for a pause, and no earlier", async () => {
    await using harness = await openWaiting({});
    harness.attempter.script = () => ({ ...made(2), retryAfterMs: 90_000 }) as AttemptResult;
    await publish(harness, 0);
    await eventually(() => expect(harness.dispatcher.inspect(1)?.breaker.state).toBe("open"));
    await publish(harness, 1);
    await pass(harness, 45_000, 1000);
    harness.clock.leap(-HOUR);
    await pass(harness, 44_900, 1000);
    expect(harness.attempter.jobs).toHaveLength(1);
    await pass(harness, 200);
    await eventually(() => expect(harness.attempter.jobs).toHaveLength(2));
  });

  it("of a fault on our side", async () => {
    await using harness = await openWaiting({});
    harness.attempter.script = () => ({ kind: "not_now", pauseMs: 5000 });
    await publish(harness, 0);
    await eventually(() => expect(harness.clock.waiting).toBe(1));
    harness.clock.leap(-HOUR);
    await pass(harness, 4900, 1000);
    expect(harness.attempter.jobs).toHaveLength(1);
    await pass(harness, 200);
    await eventually(() => expect(harness.attempter.jobs).toHaveLength(2));
  });
});
