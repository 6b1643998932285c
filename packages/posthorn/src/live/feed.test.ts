import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { acceptEntry } from "../../test/support/store.ts";
import type { Described } from "./events.ts";
import { LiveFeed, type Numbered } from "./feed.ts";

const MESSAGE = { eventType: "a", appKey: 7, appId: "app_7", appUid: null, appName: "Seven", orgId: 1, timestamp: 0 };

function describeAll(messages: readonly number[]): Promise<Described> {
  const described = new Map(messages.map((key) => [key, { ...MESSAGE, id: `msg_${key}` }]));
  return Promise.resolve({ messages: described, endpoints: new Map() });
}

class Scene {
  readonly clock = new ManualClock();
  readonly feed: LiveFeed;
  readonly failures: unknown[] = [];

  constructor(look: (messages: readonly number[]) => Promise<Described> = describeAll) {
    this.feed = new LiveFeed({
      run: "run",
      describe: look,
      now: () => this.clock.now(),
      setTimer: (ms, callback) => this.clock.setTimer(ms, callback),
      onFailure: (error) => this.failures.push(error),
    });
  }

  async commit(...keys: number[]): Promise<void> {
    if (this.feed.wanted)
      this.feed.committed(
        keys.map((key) => acceptEntry(key)),
        [],
      );
    this.clock.advance(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class Watching {
  readonly seen: Numbered[] = [];
  readonly gaps: string[] = [];

  events(events: readonly Numbered[]): void {
    this.seen.push(...events);
  }

  gap(id: string): void {
    this.gaps.push(id);
  }

  get messages(): readonly unknown[] {
    return this.seen.map(({ event }) => (event.data as { msgId: string }).msgId);
  }
}

describe("the live feed", () => {
  it("sends each commit once, in order, to every watcher", async () => {
    const scene = new Scene();
    const [one, two] = [new Watching(), new Watching()];
    scene.feed.watch(one, null);
    await scene.commit(1, 2);
    scene.feed.watch(two, null);
    await scene.commit(3);
    expect(one.messages).toEqual(["msg_1", "msg_2", "msg_3"]);
    expect(two.messages).toEqual(["msg_3"]);
  });

  it("keeps no events while no streams are open", async () => {
    const scene = new Scene(() => Promise.reject(new Error("must not be asked")));
    await scene.commit(1);
    expect(scene.feed.wanted).toBe(false);
    expect(scene.failures).toEqual([]);
  });

  it("resumes where a watcher that reconnects left off", async () => {
    const scene = new Scene();
    const before = new Watching();
    const stop = scene.feed.watch(before, null);
    await scene.commit(1, 2);
    stop();
    await scene.commit(3, 4);
    const after = new Watching();
    scene.feed.watch(after, before.seen[0]!.id);
    expect(after.messages).toEqual(["msg_2", "msg_3", "msg_4"]);
    expect(after.gaps).toEqual([]);
  });

  it.each(["other.1", "run.999", "run.0", "run.-1", "run.x", "", "."])(
    "reports a gap when it cannot resume from %j",
    async (since) => {
      const scene = new Scene();
      const stop = scene.feed.watch(new Watching(), null);
      await scene.commit(...Array.from({ length: 100 }, (_, index) => index + 1));
      for (let round = 1; round <= 60; round++)
        await scene.commit(...Array.from({ length: 100 }, (_, index) => 1000 * round + index));
      stop();
      const late = new Watching();
      scene.feed.watch(late, since);
      expect(late.gaps).toEqual([scene.feed.position]);
      expect(late.messages).toEqual([]);
    },
  );

  it("discards its events when no stream is opened again for a while", async () => {
    const scene = new Scene();
    const before = new Watching();
    const stop = scene.feed.watch(before, null);
    await scene.commit(1);
    stop();
    scene.clock.advance(3_600_000);
    await scene.commit(2);
    const after = new Watching();
    scene.feed.watch(after, before.seen[0]!.id);
    expect(after.gaps).toEqual([scene.feed.position]);
  });

  it("reports a gap and continues when rows cannot be described", async () => {
    let broken = true;
    const scene = new Scene((keys) => (broken ? Promise.reject(new Error("database away")) : describeAll(keys)));
    const watching = new Watching();
    scene.feed.watch(watching, null);
    await scene.commit(1);
    expect(watching.gaps).toHaveLength(1);
    expect(scene.failures).toHaveLength(1);
    broken = false;
    await scene.commit(2);
    expect(watching.messages).toEqual(["msg_2"]);
  });

  it("drops events over its limit and reports a gap", async () => {
    const scene = new Scene();
    const watching = new Watching();
    scene.feed.watch(watching, null);
    const many = Array.from({ length: 15_000 }, (_, index) => acceptEntry(index + 1));
    scene.feed.committed(many, []);
    scene.feed.committed(many, []);
    await scene.commit();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(watching.seen).toHaveLength(15_000);
    expect(watching.gaps).toHaveLength(1);
  });

  it("waits for its database read when it is closed, and does not read afterwards", async () => {
    const reads: PromiseWithResolvers<Described>[] = [];
    const scene = new Scene(() => {
      reads.push(Promise.withResolvers());
      return reads.at(-1)!.promise;
    });
    scene.feed.watch(new Watching(), null);
    await scene.commit(1);
    let closed = false;
    const closing = scene.feed[Symbol.asyncDispose]().then(() => (closed = true));
    await scene.commit(2);
    expect(closed).toBe(false);
    reads[0]!.resolve(await describeAll([1]));
    await closing;
    await scene.commit(3);
    expect(reads).toHaveLength(1);
    expect(scene.failures).toEqual([]);
  });

  it("reads nothing for commits made just before it is closed", async () => {
    const scene = new Scene(() => Promise.reject(new Error("the database is closed")));
    scene.feed.watch(new Watching(), null);
    scene.feed.committed([acceptEntry(1)], []);
    await scene.feed[Symbol.asyncDispose]();
    await scene.commit();
    expect(scene.failures).toEqual([]);
  });
});
