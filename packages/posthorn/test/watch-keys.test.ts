/** Watches with very many keys: a step keeps a limited number of them in memory, which does not grow with the others. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { RuleJson } from "../src/conditions/schema.ts";
import type { Services } from "../src/domain/context.ts";
import { evaluateWatch, type WatchStep } from "../src/domain/watch/evaluate.ts";
import { IdGenerator } from "../src/lib/id.ts";
import { servicesOver } from "./support/services.ts";
import { acceptEntry, onPostgres, openStore } from "./support/store.ts";

const KEYS = 100_000;
const PER_MESSAGE = 1000;
const WATCH = 77;
const HOUR = 3_600_000;
const RULE: RuleJson = {
  read: { items: "$[*]", value: "$.v", key: "$.k" },
  when: { above: 5 },
  forget: "1h",
  maxKeys: KEYS,
};

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

function heapMb(): number {
  gc();
  return process.memoryUsage().heapUsed / 1_000_000;
}

// The states are in the database, whichever it is.
describe.skipIf(onPostgres)("a watch with 100,000 keys", () => {
  it("keeps only the keys of one step in memory, ignores keys above the limit, and deletes all that are idle", async () => {
    await using opened = await openStore();
    const { store } = opened;
    const ids = new IdGenerator(Date.now, 0, null);
    let now = Date.now();
    const known = servicesOver(store).services;
    const feeds = { horizon: () => Promise.resolve(ids.settle()), known: 0, wait: () => Promise.resolve() };
    const rules = { ...known.rules, watches: { max: 10, maxKeys: 2 * KEYS } };
    const services: Services = { ...known, ids, rules, feeds, now: () => now };
    await insertWatch(services);

    const publish = async (first: number, value: number, count = PER_MESSAGE): Promise<void> => {
      const items = Array.from({ length: count }, (_, index) => ({ k: `device-${first + index}`, v: value }));
      const { key, id } = ids.next("msg_");
      await store.accept(
        acceptEntry(key, { publicId: id, payload: Buffer.from(JSON.stringify(items)), due: 0, endpointIds: [] }),
      );
    };
    for (let first = 0; first < KEYS; first += PER_MESSAGE) await publish(first, 1);
    const before = heapMb();
    const steps = await evaluateAll(services);
    expect(steps.reduce((sum, { samples }) => sum + samples, 0)).toBe(KEYS);
    // Up to 2000 readings, and those of one more message.
    expect(Math.max(...steps.map(({ samples }) => samples))).toBeLessThan(2000 + PER_MESSAGE);
    expect(await watchRow(services)).toMatchObject({ key_count: KEYS, ignored: 0 });
    expect(heapMb() - before).toBeLessThan(20);

    await publish(KEYS, 9, 1);
    await publish(0, 9, 1);
    const [step] = await evaluateAll(services);
    // A new key is ignored, and known keys continue.
    expect(step).toMatchObject({ transitions: 1 });
    expect(await watchRow(services)).toMatchObject({ key_count: KEYS, ignored: 1 });

    now += 2 * HOUR;
    const forgetting = await evaluateAll(services);
    expect(forgetting.length).toBeGreaterThanOrEqual(KEYS / 200);
    expect(await watchRow(services)).toMatchObject({ key_count: 0 });
    expect(heapMb() - before).toBeLessThan(20);
  }, 180_000);
});

async function evaluateAll(services: Services): Promise<readonly WatchStep[]> {
  const steps: WatchStep[] = [];
  for (let more = true; more;) {
    const step = (await evaluateWatch(services, WATCH, steps.at(-1)?.readTo ?? null))!;
    steps.push(step);
    more = step.more;
  }
  return steps;
}

function watchRow({ store }: Services) {
  return store.db.selectFrom("watch").selectAll().where("id", "=", WATCH).executeTakeFirstOrThrow();
}

async function insertWatch({ store }: Services): Promise<void> {
  const row = {
    id: WATCH,
    public_id: "watch_many",
    org_id: 1,
    app_id: 1,
    target_id: 1,
    uid: null,
    name: "Many",
    event_types_json: null,
    emit_type: "many",
    rule_json: JSON.stringify(RULE),
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
    created_at: 0,
    updated_at: 0,
  };
  await store.transaction(async ({ db }) => {
    await db.insertInto("watch").values(row).execute();
  });
}
