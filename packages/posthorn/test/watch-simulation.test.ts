/** Watches on several nodes that die, freeze and have wrong clocks, in simulated hours over a real store. */
import { isNightly, onPostgres } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import type { RuleJson } from "../src/conditions/schema.ts";
import type { Services } from "../src/domain/context.ts";
import type { Position } from "../src/domain/feed/position.ts";
import { evaluateWatch, WatchMoved } from "../src/domain/watch/evaluate.ts";
import { keyAtTime } from "../src/lib/id.ts";
import { Killed, MINUTE, type Reading, WatchStore, withTransaction } from "./support/watch-store.ts";

const READ = { value: "$.v", key: "$.k" };
const RULES: readonly RuleJson[] = [
  { read: READ, when: { above: 5 }, for: "2m", until: { below: 3 }, hold: "1m" },
  { read: READ, when: { silent: "4m" }, expect: ["never"], forget: "20m" },
  { read: READ, when: { count: { over: "5m", above: 2 } }, times: 2, hold: "2m" },
  { read: READ, when: { all: [{ avg: { over: "6m", above: 4 } }, { not: { silent: "3m" } }] }, for: "1m" },
];
/** PostgreSQL runs the same steps twenty times as slowly, and differs only in its statements. The nightly run includes all of them. */
const SEEDS = isNightly ? [1, 2, 3, 4, 5] : onPostgres ? [1] : [1, 2, 3];
const NODES = 3;
const HOURS = 2;

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How the commit of a step ends. */
type Fate = "commits" | "dies before" | "dies after" | "freezes";

/** A node that evaluates the watch. Of several, each one believes that it owns the watch, as after a partition. */
class SimulatedNode {
  readonly #scene: WatchStore;
  readonly #time: () => number;
  /** Milliseconds by which its clock is ahead of the others. */
  shift = 0;
  #readTo: Position | null = null;
  #fate: Fate = "commits";
  #thaw: (() => void) | null = null;
  #frozen: Promise<void> | null = null;

  constructor(scene: WatchStore, time: () => number) {
    this.#scene = scene;
    this.#time = time;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  /** Evaluates once. A node that freezes does so before its commit, until {@link thaw}. */
  async step(watch: number, fate: Fate): Promise<void> {
    this.#fate = fate;
    const reached = Promise.withResolvers<void>();
    const step = this.#evaluate(watch, reached.resolve);
    if (fate !== "freezes") return step;
    this.#frozen = step;
    // A step without new messages commits nothing, and so does not freeze.
    await Promise.race([reached.promise, step]);
    if (this.#thaw === null) this.#frozen = null;
  }

  async thaw(): Promise<void> {
    this.#thaw?.();
    this.#thaw = null;
    await this.#frozen;
    this.#frozen = null;
  }

  async #evaluate(watch: number, reached: () => void): Promise<void> {
    try {
      const step = await evaluateWatch(this.#services(reached), watch, this.#readTo);
      this.#readTo = step!.readTo;
    } catch (error) {
      if (!(error instanceof Killed) && !(error instanceof WatchMoved)) throw error;
      // Memory is lost with the process. After a conflict, a node reads the watch again as well.
      this.#readTo = null;
    }
  }

  #services(reached: () => void): Services {
    const { services } = this.#scene;
    const fate = this.#fate;
    const store = withTransaction(services.store, async (target, work, operation) => {
      if (fate === "freezes") {
        const frozen = Promise.withResolvers<void>();
        this.#thaw = frozen.resolve;
        reached();
        await frozen.promise;
      }
      await target.transaction(async (tx) => {
        await work(tx);
        if (fate === "dies before") throw new Killed(fate);
      }, operation);
      if (fate === "dies after") throw new Killed(fate);
      return undefined as never;
    });
    const horizon = async (): Promise<number> => Math.min(await services.feeds.horizon(), keyAtTime(this.#time()));
    return { ...services, store, now: () => this.#time() + this.shift, feeds: { ...services.feeds, horizon } };
  }
}

interface Simulation {
  readonly seed: number;
  readonly rule: RuleJson;
  readonly clocks: "right" | "wrong";
}

/** Lets the nodes evaluate a watch for some hours, with faults, and then one of them until nothing is left to do. */
async function simulate(scene: WatchStore, start: number, { seed, rule, clocks }: Simulation) {
  const random = randomFrom(seed);
  const watch = await scene.watch(rule, { at: start });
  let time = start;
  const nodes = Array.from({ length: NODES }, () => new SimulatedNode(scene, () => time));
  const faults = new Map<string, number>();
  const count = (fault: string): void => void faults.set(fault, (faults.get(fault) ?? 0) + 1);
  const end = start + HOURS * 60 * MINUTE;
  while (time < end) {
    time += Math.floor(random() * MINUTE);
    const node = nodes[Math.floor(random() * NODES)]!;
    const chance = random();
    if (node.isFrozen) {
      if (chance < 0.3) await node.thaw();
    } else if (clocks === "wrong" && chance < 0.1) {
      node.shift = Math.floor((random() - 0.5) * 60 * MINUTE);
      count("clock");
    } else {
      const fate: Fate =
        chance < 0.3 ? "dies before" : chance < 0.5 ? "dies after" : chance < 0.6 ? "freezes" : "commits";
      count(fate);
      await node.step(watch, fate);
    }
  }
  for (const node of nodes) await node.thaw();
  const last = Date.now() + 60 * MINUTE;
  await scene.run(scene.services, watch, [end, last]);
  return { watch, faults };
}

/** Readings of four keys, with pauses of several minutes. */
function readings(start: number, seed: number): readonly Reading[] {
  const random = randomFrom(seed);
  const found: Reading[] = [];
  for (let at = start; at < start + HOURS * 60 * MINUTE; at += Math.floor(random() * 1.5 * MINUTE)) {
    const v = random() < 0.1 ? "n/a" : Math.floor(random() * 10);
    found.push({ at, body: { k: `key-${Math.floor(random() * 4)}`, v } });
    if (random() < 0.05) at += 8 * MINUTE;
  }
  return found;
}

interface Event {
  readonly key: string;
  readonly phase: string;
  readonly number: number;
  readonly at: string;
}

/** Detects a hang, not a slow machine. */
const TEST_MS = 600_000;

describe.each(SEEDS)("with seed %i, watches on three nodes", { timeout: TEST_MS }, (seed) => {
  it("report the same transitions as one node, although nodes die, freeze and overtake each other", async () => {
    await using scene = await WatchStore.open();
    const start = Date.now() - (HOURS + 1) * 60 * MINUTE;
    await scene.publish(readings(start, seed));
    for (const rule of RULES) {
      const alone = await scene.watch(rule, { at: start });
      await scene.run(scene.services, alone, [start + HOURS * 60 * MINUTE, Date.now() + 60 * MINUTE]);
      const { watch, faults } = await simulate(scene, start, { seed, rule, clocks: "right" });
      expect([...faults.keys()].toSorted()).toEqual(["commits", "dies after", "dies before", "freezes"]);
      const [expected, found] = [await scene.resultOf(alone), await scene.resultOf(watch)];
      expect(expected.events.length).toBeGreaterThan(3);
      expect(found.events).toEqual(expected.events);
      expect(found.totals).toEqual(expected.totals);
      expect(found.keys.map(({ name, phase }) => [name, phase])).toEqual(
        expected.keys.map(({ name, phase }) => [name, phase]),
      );
    }
  });

  it("report each transition once and in order, although clocks are wrong by up to half an hour", async () => {
    await using scene = await WatchStore.open();
    const start = Date.now() - (HOURS + 1) * 60 * MINUTE;
    const published = readings(start, seed);
    await scene.publish(published);
    for (const rule of RULES) {
      const { watch, faults } = await simulate(scene, start, { seed, rule, clocks: "wrong" });
      expect(faults.get("clock")).toBeGreaterThan(3);
      const { events, totals } = await scene.resultOf(watch);
      // The last message of all is the one that moves the horizon.
      expect(totals.samples).toBe(published.length + 1);
      const lives = Map.groupBy(
        events.map(({ event_id, payload }) => ({
          life: event_id!.slice(0, event_id!.lastIndexOf(".")),
          ...(JSON.parse(payload) as Event),
        })),
        ({ life }) => life,
      );
      expect(lives.size).toBeGreaterThan(0);
      for (const [life, found] of lives) {
        const inOrder = found.toSorted((one, other) => one.number - other.number);
        expect([life, inOrder.map(({ number }) => number)]).toEqual([life, inOrder.map((_, index) => index + 1)]);
        expect([life, inOrder.map(({ phase }) => phase)]).toEqual([
          life,
          inOrder.map((_, index) => (index % 2 === 0 ? "raised" : "cleared")),
        ]);
        const times = inOrder.map(({ at }) => Date.parse(at));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }
    }
  });
});
