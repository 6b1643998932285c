/** Steps of watches that fail, crash or race at their commit, compared with an undisturbed run. */
import { isNightly, onPostgres } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RuleJson } from "../src/conditions/schema.ts";
import { evaluateWatch, WatchMoved } from "../src/domain/watch/evaluate.ts";
import { type Death, MINUTE, type Reading, WatchStore, withTransaction } from "./support/watch-store.ts";

const READ = { value: "$.v", key: "$.k" };

/** Rules for each keyword that involves time, with the transitions that the readings of the test must cause. */
const RULES: readonly { readonly name: string; readonly rule: RuleJson; readonly kinds: readonly string[] }[] = [
  { name: "for", rule: { read: READ, when: { above: 5 }, for: "2m" }, kinds: ["raised", "cleared"] },
  { name: "times", rule: { read: READ, when: { above: 5 }, times: 2 }, kinds: ["raised", "cleared"] },
  { name: "until", rule: { read: READ, when: { above: 5 }, until: { below: 3 } }, kinds: ["raised", "cleared"] },
  { name: "hold", rule: { read: READ, when: { above: 5 }, hold: "90s" }, kinds: ["raised", "cleared"] },
  { name: "remind", rule: { read: READ, when: { above: 3 }, remind: "2m" }, kinds: ["raised", "reminded", "cleared"] },
  {
    name: "for, hold and remind",
    rule: { read: READ, when: { above: 4 }, for: "1m", until: { below: 3 }, hold: "30s", remind: "3m" },
    kinds: ["raised", "reminded", "cleared"],
  },
  {
    name: "silent, expect and forget",
    rule: { read: READ, when: { silent: "2m" }, expect: ["never"], forget: "10m" },
    kinds: ["raised", "cleared"],
  },
  { name: "changed by", rule: { read: READ, when: { changed: { by: 2 } } }, kinds: ["changed"] },
  { name: "rises", rule: { read: READ, when: { rises: { by: 4, within: "3m" } } }, kinds: ["raised", "cleared"] },
  {
    name: "a count over a window",
    rule: { read: READ, when: { count: { over: "4m", above: 3 } }, times: 2 },
    kinds: ["raised", "cleared"],
  },
  {
    name: "an average over a window, held",
    rule: { read: READ, when: { avg: { over: "5m", above: 4.5 } }, for: "1m", hold: "1m" },
    kinds: ["raised", "cleared"],
  },
];

/** A loss or a repetition on PostgreSQL depends on the transaction, and not on the rule: three of them have all kinds of rows. */
const ON_POSTGRES = new Set(["for, hold and remind", "silent, expect and forget", "a count over a window"]);
const TESTED = RULES.filter(({ name }) => !onPostgres || isNightly || ON_POSTGRES.has(name));

/** Each commit is lost once, and then made by a process that dies right after it. */
function atEveryCommit(commit: number): Death {
  return commit % 2 === 0 ? "before the commit" : "after the commit";
}

/** Repeatable numbers from 0 to below 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Readings of four keys in the last half hour: numbers from 0 to 9, some of which cannot be read, with pauses of several minutes. */
function readings(seed: number, n: number): readonly Reading[] {
  const random = randomFrom(seed);
  const start = Date.now() - 30 * MINUTE;
  return Array.from({ length: n }, (_, index) => {
    const v = random() < 0.1 ? "n/a" : Math.floor(random() * 10);
    return { at: start + (index * 20 * MINUTE) / n, body: { k: `key-${Math.floor(random() * 4)}`, v } };
  });
}

/** Times at which a running node evaluates: every minute of the last half hour, and then the remaining due times. */
function lookTimes(): readonly number[] {
  const start = Date.now() - 30 * MINUTE;
  const within = Array.from({ length: 29 }, (_, index) => start + index * MINUTE);
  return [...within, ...[0, 10, 30].map((minutes) => Date.now() + minutes * MINUTE)];
}

/** Times at which all readings already exist. */
function afterwards(): readonly number[] {
  return [0, 1, 10, 30].map((minutes) => Date.now() + minutes * MINUTE);
}

describe("a watch whose node is killed", () => {
  let scene: WatchStore;

  beforeEach(async () => {
    scene = await WatchStore.open();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  describe.each(TESTED)("with $name", ({ rule, kinds }) => {
    it("at every commit publishes and keeps the same as an undisturbed one", async () => {
      await scene.publish(readings(3, 150));
      const times = lookTimes();
      const undisturbed = await scene.watch(rule);
      await scene.run(scene.live(), undisturbed, times);
      const expected = await scene.resultOf(undisturbed);
      const found = new Set(expected.events.map(({ event_type }) => event_type.slice("test.".length)));
      expect([...found].toSorted()).toEqual(kinds.toSorted());
      const killed = await scene.watch(rule);
      const { services, kills } = scene.killing(scene.live(), atEveryCommit);
      await scene.run(services, killed, times);
      expect(kills()).toBeGreaterThan(20);
      expect(await scene.resultOf(killed)).toEqual(expected);
    });
  });

  it("after an outage, at every commit of the backlog, publishes the same as an undisturbed one", async () => {
    await scene.publish(readings(1, 400));
    const { rule } = RULES.find(({ name }) => name === "for, hold and remind")!;
    const [undisturbed, killed] = [await scene.watch(rule), await scene.watch(rule)];
    await scene.run(scene.services, undisturbed, afterwards());
    const { services, kills } = scene.killing(scene.services, atEveryCommit);
    await scene.run(services, killed, afterwards());
    expect(kills()).toBeGreaterThan(6);
    expect(await scene.resultOf(killed)).toEqual(await scene.resultOf(undisturbed));
  });

  it("while two nodes evaluate it at the same time publishes each transition once", async () => {
    await scene.publish(readings(7, 400));
    const { rule } = RULES.find(({ name }) => name === "for, hold and remind")!;
    const [alone, raced] = [await scene.watch(rule), await scene.watch(rule)];
    await scene.run(scene.services, alone, afterwards());
    await Promise.all([scene.run(scene.services, raced, afterwards()), scene.run(scene.services, raced, afterwards())]);
    expect(await scene.resultOf(raced)).toEqual(await scene.resultOf(alone));
  });

  it("and was frozen while another node continued does not change anything", async () => {
    await scene.publish(readings(9, 150));
    const watch = await scene.watch(RULES[0]!.rule);
    scene.now = Date.now();
    let goOn = (): void => undefined;
    const frozen = new Promise<void>((resolve) => (goOn = resolve));
    let reached = (): void => undefined;
    const atCommit = new Promise<void>((resolve) => (reached = resolve));
    const store = withTransaction(scene.services.store, async (target, ...call) => {
      reached();
      await frozen;
      return target.transaction(...call) as never;
    });
    const late = evaluateWatch({ ...scene.services, store }, watch, null);
    await atCommit;
    await scene.run(scene.services, watch, afterwards());
    const before = await scene.resultOf(watch);
    goOn();
    await expect(late).rejects.toThrow(WatchMoved);
    expect(await scene.resultOf(watch)).toEqual(before);
  });

  it("keeps 100,000 keys in the database, and only those of a step in memory", async () => {
    const watch = await scene.watch({
      read: { items: "$[*]", value: "$.v", key: "$.k" },
      when: { above: 5 },
      maxKeys: 100_000,
    });
    const start = Date.now() - 20 * MINUTE;
    await scene.publish(
      Array.from({ length: 100 }, (_, page) => ({
        at: start + page * 1000,
        body: Array.from({ length: 1000 }, (__, index) => ({ k: `key-${page * 1000 + index}`, v: 1 })),
      })),
    );
    scene.now = Date.now();
    let most = 0;
    const before = process.memoryUsage().heapUsed;
    for (let more = true; more;) {
      const step = await evaluateWatch(scene.services, watch, null);
      more = step!.more;
      most = Math.max(most, step!.samples);
    }
    expect(most).toBeLessThanOrEqual(3001);
    const { key_count } = await scene.services.store.db
      .selectFrom("watch")
      .select("key_count")
      .where("id", "=", watch)
      .executeTakeFirstOrThrow();
    expect(key_count).toBeGreaterThanOrEqual(100_000 - 1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 * 1024 * 1024);
  }, 300_000);
});

it("two databases in one process whose watches have the same key are evaluated by their own rules", async () => {
  const rules: readonly RuleJson[] = [
    { read: READ, when: { above: 5 } },
    { read: READ, when: { below: 5 } },
  ];
  const found = [];
  for (const rule of rules) {
    await using scene = await WatchStore.open();
    await scene.publish([
      { at: Date.now() - 10 * MINUTE, body: { k: "high", v: 9 } },
      { at: Date.now() - 9 * MINUTE, body: { k: "low", v: 1 } },
    ]);
    const watch = await scene.watch(rule, { key: 77 });
    await scene.run(scene.services, watch, afterwards());
    found.push(await scene.transitions(watch));
  }
  expect(found).toEqual([["high raised"], ["low raised"]]);
});
