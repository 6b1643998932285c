/** Steps of watches that fail, crash or race at their commit, compared with an undisturbed run. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RuleJson } from "../src/conditions/schema.ts";
import type { Services } from "../src/domain/context.ts";
import { evaluateWatch, WatchMoved } from "../src/domain/watch/evaluate.ts";
import { IdGenerator, keyAtTime } from "../src/lib/id.ts";
import { settledHere } from "../src/node/settled-keys.ts";
import type { Store } from "../src/store/store.ts";
import { servicesOver } from "./support/services.ts";
import { acceptEntry, onPostgres, openStore, type TestStore } from "./support/store.ts";

const MINUTE = 60_000;
const APP = 1;

const RULES: readonly RuleJson[] = [
  { read: { value: "$.v", key: "$.k" }, when: { above: 5 }, for: "2m", until: { below: 3 }, hold: "1m", remind: "5m" },
  { read: { value: "$.v", key: "$.k" }, when: { silent: "3m" }, expect: ["never"], forget: "10m" },
  { read: { value: "$.v", key: "$.k" }, when: { changed: { by: 2 } } },
  { read: { value: "$.v", key: "$.k" }, when: { count: { over: "4m", above: 2 } }, times: 2 },
];

/** Repeatable numbers from 0 to below 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a watch whose node is killed", () => {
  let opened: TestStore;
  let base: Services;
  let now = 0;
  let nextKey = 900;

  beforeEach(async () => {
    opened = await openStore();
    const { store } = opened;
    const ids = new IdGenerator(Date.now, 0, onPostgres ? 1 : null);
    const horizon = (): Promise<number> =>
      store.feedHorizon(() => settledHere({ store, ids, attempts: () => 0 }).messages);
    base = {
      ...servicesOver(store).services,
      ids,
      now: () => now,
      feeds: { horizon, known: 0, wait: () => Promise.resolve() },
    };
  });
  afterEach(() => opened[Symbol.asyncDispose]());

  /** Publishes readings of the last half hour, up to now, in the order of their keys. */
  async function publish(seed: number, n: number): Promise<void> {
    const random = randomFrom(seed);
    const start = Date.now() - 30 * MINUTE;
    for (let index = 0; index < n; index++) {
      const key = keyAtTime(start + (index * 25 * MINUTE) / n) + 1;
      const value = random() < 0.1 ? "n/a" : Math.floor(random() * 10);
      const payload = Buffer.from(JSON.stringify({ k: `key-${Math.floor(random() * 4)}`, v: value }));
      await base.store.accept(acceptEntry(key, { publicId: `msg_${key}`, payload, due: 0, endpointIds: [] }));
    }
    // A key of now, so that the horizon passes the others.
    const key = base.ids.next("msg_").key;
    await base.store.accept(
      acceptEntry(key, { publicId: `msg_${key}`, payload: Buffer.from("{}"), due: 0, endpointIds: [] }),
    );
    // PostgreSQL moves the horizon past a key only when no transaction below it can be open.
    await expect.poll(() => base.feeds.horizon(), { timeout: 60_000 }).toBeGreaterThanOrEqual(key);
  }

  async function newWatch(rule: RuleJson): Promise<number> {
    const key = nextKey++;
    const at = Date.now() - 31 * MINUTE;
    await base.store.transaction(async ({ db }) => {
      await db
        .insertInto("watch")
        .values({
          id: key,
          public_id: "watch_same",
          org_id: 1,
          app_id: APP,
          // The outbox allows an event ID once in an application.
          target_id: key,
          uid: null,
          name: "Same",
          event_types_json: null,
          emit_type: "test",
          rule_json: JSON.stringify(rule),
          version: 1,
          keyed_since: 1,
          paused: 0,
          revision: 1,
          cursor_key: 0,
          cursor_late: 0,
          key_count: 0,
          samples: 0,
          unreadable: 0,
          ignored: 0,
          overflow_at: null,
          created_at: at,
          updated_at: at,
        })
        .execute();
    });
    return key;
  }

  /** Evaluates until there is nothing left to do at each of these times. A failing step is repeated from the database. */
  async function run(services: Services, watch: number): Promise<void> {
    for (const time of [0, 1, 10, 30].map((minutes) => Date.now() + minutes * MINUTE)) {
      now = time;
      for (let more = true; more;) {
        try {
          const step = await evaluateWatch(services, watch, null);
          more = step!.more || (step!.due !== null && step!.due <= now - 2000);
        } catch (error) {
          if (!(error instanceof Killed) && !(error instanceof WatchMoved)) throw error;
        }
      }
    }
  }

  /** What the watch has published and kept. */
  async function resultOf(watch: number) {
    const { db } = base.store;
    const events = await db
      .selectFrom("outbox")
      .select(["event_id", "event_type", "payload"])
      .where("app_id", "=", watch)
      .orderBy("event_id")
      .execute();
    const keys = await db
      .selectFrom("watch_key")
      .select(["name", "phase", "due", "state"])
      .where("watch_id", "=", watch)
      .orderBy("name")
      .execute();
    const { key_count, samples, unreadable } = await db
      .selectFrom("watch")
      .selectAll()
      .where("id", "=", watch)
      .executeTakeFirstOrThrow();
    return {
      events: events.map(({ event_id, event_type, payload }) => ({
        event_id,
        event_type,
        payload: Buffer.from(payload).toString(),
      })),
      keys,
      totals: { key_count, samples, unreadable },
    };
  }

  /** Services whose store kills every second commit of a watch: before it, or after it was written. */
  function killing(): { readonly services: Services; readonly kills: () => number } {
    let commits = 0;
    let kills = 0;
    const store = new Proxy(base.store, {
      get(target, name) {
        if (name === "transaction") {
          return async (work: Parameters<Store["transaction"]>[0], operation?: string): Promise<unknown> => {
            commits += 1;
            const kill = commits % 4;
            if (kill === 1) {
              kills += 1;
              return target.transaction(async (tx) => {
                await work(tx);
                throw new Killed("before the commit");
              }, operation);
            }
            const result = await target.transaction(work, operation);
            if (kill !== 3) return result;
            kills += 1;
            throw new Killed("after the commit");
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    return { services: { ...base, store }, kills: () => kills };
  }

  it.each(RULES.map((rule, index) => ({ rule, index })))(
    "at every other commit publishes what an undisturbed one does (rule $index)",
    async ({ rule, index }) => {
      await publish(index + 1, 400);
      const [undisturbed, killed] = [await newWatch(rule), await newWatch(rule)];
      await run(base, undisturbed);
      const { services, kills } = killing();
      await run(services, killed);
      const expected = await resultOf(undisturbed);
      expect(expected.events.length).toBeGreaterThan(3);
      expect(kills()).toBeGreaterThan(3);
      expect(await resultOf(killed)).toEqual(expected);
    },
  );

  it("while two nodes evaluate it at the same time publishes each transition once", async () => {
    await publish(7, 400);
    const [alone, raced] = [await newWatch(RULES[0]!), await newWatch(RULES[0]!)];
    await run(base, alone);
    await Promise.all([run(base, raced), run(base, raced)]);
    expect(await resultOf(raced)).toEqual(await resultOf(alone));
  });

  it("and was frozen while another node went on changes nothing", async () => {
    await publish(9, 150);
    const watch = await newWatch(RULES[0]!);
    now = Date.now();
    let goOn = (): void => undefined;
    const frozen = new Promise<void>((resolve) => (goOn = resolve));
    let reached = (): void => undefined;
    const atCommit = new Promise<void>((resolve) => (reached = resolve));
    const store = new Proxy(base.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== "transaction") return typeof value === "function" ? (value.bind(target) as unknown) : value;
        return async (...call: Parameters<Store["transaction"]>) => {
          reached();
          await frozen;
          return target.transaction(...call);
        };
      },
    });
    const late = evaluateWatch({ ...base, store }, watch, null);
    await atCommit;
    await run(base, watch);
    const before = await resultOf(watch);
    goOn();
    await expect(late).rejects.toThrow(WatchMoved);
    expect(await resultOf(watch)).toEqual(before);
  });

  it("holds 100,000 keys in the database, and only those of a step in memory", async () => {
    const watch = await newWatch({
      read: { items: "$[*]", value: "$.v", key: "$.k" },
      when: { above: 5 },
      maxKeys: 100_000,
    });
    const start = Date.now() - 20 * MINUTE;
    for (let page = 0; page < 100; page++) {
      const items = Array.from({ length: 1000 }, (_, index) => ({ k: `key-${page * 1000 + index}`, v: 1 }));
      const key = keyAtTime(start + page * 1000) + 1;
      const payload = Buffer.from(JSON.stringify(items));
      await base.store.accept(acceptEntry(key, { publicId: `msg_${key}`, payload, due: 0, endpointIds: [] }));
    }
    await publish(1, 1);
    now = Date.now();
    let most = 0;
    const before = process.memoryUsage().heapUsed;
    for (let more = true; more;) {
      const step = await evaluateWatch(base, watch, null);
      more = step!.more;
      most = Math.max(most, step!.samples);
    }
    expect(most).toBeLessThanOrEqual(3001);
    const { key_count } = await base.store.db
      .selectFrom("watch")
      .select("key_count")
      .where("id", "=", watch)
      .executeTakeFirstOrThrow();
    expect(key_count).toBeGreaterThanOrEqual(100_000 - 1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 * 1024 * 1024);
  }, 300_000);
});

class Killed extends Error {
  override readonly name = "Killed";
}
