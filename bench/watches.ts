/**
 * Cost of evaluating samples for watches: only the evaluation and a store, without publishing. See README.md in this folder.
 *
 *     npm run bench:watches -- --watches 1,10,100 --keys 100,100000 --samples 5000
 *     npm run bench:watches -- --rules aggregates --watches 10 --keys 100000 --full
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileRule } from "../packages/posthorn/src/conditions/parse.ts";
import type { RuleJson } from "../packages/posthorn/src/conditions/schema.ts";
import { deserialise, serialise } from "../packages/posthorn/src/conditions/state.ts";
import type { Buckets } from "../packages/posthorn/src/conditions/window.ts";
import type { Services } from "../packages/posthorn/src/domain/context.ts";
import type { Position } from "../packages/posthorn/src/domain/feed/position.ts";
import { evaluateWatch } from "../packages/posthorn/src/domain/watch/evaluate.ts";
import { IdGenerator } from "../packages/posthorn/src/lib/id.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const { values } = parseArgs({
  options: {
    watches: { type: "string", default: "1,10,100" },
    keys: { type: "string", default: "100,100000" },
    samples: { type: "string", default: "5000" },
    rules: { type: "string", default: "threshold,window" },
    /** Windows have a value in each of their buckets, as those of keys that have sent for a long time. */
    full: { type: "boolean", default: false },
  },
});
const RULES: Readonly<Record<string, RuleJson>> = {
  threshold: { read: { value: "$.v", key: "$.k" }, when: { above: 99 }, until: { below: 90 }, maxKeys: 100_000 },
  window: { read: { value: "$.v", key: "$.k" }, when: { avg: { over: "1h", above: 99 } }, maxKeys: 100_000 },
  /** Maximum number of windows of a rule. */
  aggregates: {
    read: { value: "$.v", key: "$.k" },
    when: { all: (["count", "sum", "avg", "max"] as const).map((name) => ({ [name]: { over: "1h", above: 1e9 } })) },
    maxKeys: 100_000,
  },
};
/** Maximum number of buckets of a window. */
const BUCKETS = 60;
const ROWS_AT_ONCE = 2000;
const APP = 1;
/** Above most of the values, so that the figures are those of samples without transitions. */
const VALUES = 95;

async function publish(store: SqliteStore, ids: IdGenerator, names: readonly string[]): Promise<void> {
  const none = { eventId: null, channelsJson: null, tagsJson: null, expiresAt: null, deliverAt: null };
  const more = { idempotency: null, orderingKey: null, unmatchedJson: null, requestJson: null };
  for (let from = 0; from < names.length; from += 2000) {
    const entries = names.slice(from, from + 2000).map((name, index) => {
      const { key: id, id: publicId } = ids.next("msg_");
      const payload = Buffer.from(JSON.stringify({ k: name, v: (index * 7) % VALUES }));
      const message = { appId: APP, eventType: "reading", payload, contentType: "application/json" };
      return { id, publicId, ...message, ...none, ...more, due: 0, endpointIds: [], orderKeys: [] };
    });
    await store.acceptAll(entries);
  }
}

async function addWatches(store: SqliteStore, count: number, rule: RuleJson): Promise<readonly number[]> {
  const keys = Array.from({ length: count }, (_, index) => 1000 + index);
  await store.transaction(async ({ db }) => {
    for (const id of keys) {
      await db
        .insertInto("watch")
        .values({
          id,
          public_id: `watch_${id}`,
          org_id: 1,
          app_id: APP,
          target_id: APP,
          uid: null,
          name: "Bench",
          event_types_json: null,
          emit_type: "bench",
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
          created_at: 0,
          updated_at: 0,
        })
        .execute();
    }
  });
  return keys;
}

/** Evaluates everything that was published. Returns the number of samples. */
async function evaluate(
  services: Services,
  watches: readonly number[],
  { readTo, peak }: { readonly readTo: Map<number, Position>; readonly peak?: HeapPeak },
): Promise<number> {
  let samples = 0;
  for (const watch of watches) {
    for (let more = true; more;) {
      const step = (await evaluateWatch(services, watch, readTo.get(watch) ?? null))!;
      readTo.set(watch, step.readTo);
      samples += step.samples;
      peak?.look();
      more = step.more;
    }
  }
  return samples;
}

/** Fills the windows of all keys, as if each had sent a value in each part of the hour before. */
async function fillWindows(store: SqliteStore, watches: readonly number[], rule: RuleJson): Promise<void> {
  const compiled = compileRule(rule);
  const windows = compiled.windows.map((window): Buckets => {
    const now = Math.floor(Date.now() / window.bucketMs);
    return Array.from({ length: BUCKETS }, (_, index) => {
      const bucket = now - BUCKETS + 1 + index;
      return window.keeps === "avg" ? ([bucket, 1, VALUES] as const) : ([bucket, VALUES] as const);
    });
  });
  for (const watch of watches) {
    for (let after = ""; ;) {
      const rows = await store.db
        .selectFrom("watch_key")
        .select(["name", "state"])
        .where("watch_id", "=", watch)
        .where("name", ">", after)
        .orderBy("name")
        .limit(ROWS_AT_ONCE)
        .execute();
      if (rows.length === 0) break;
      after = rows.at(-1)!.name;
      await store.transaction(async ({ db }) => {
        for (const { name, state } of rows) {
          const filled = serialise({ ...deserialise(state), windows });
          await db
            .updateTable("watch_key")
            .set({ state: filled })
            .where("watch_id", "=", watch)
            .where("name", "=", name)
            .execute();
        }
      });
    }
  }
}

/** Peak growth of the heap during the evaluation, in bytes. */
class HeapPeak {
  readonly #before = heapNow();
  #most = 0;

  look(): void {
    this.#most = Math.max(this.#most, process.memoryUsage().heapUsed - this.#before);
  }

  get megabytes(): number {
    return this.#most / 1_000_000;
  }
}

function heapNow(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

interface Case {
  readonly rule: RuleJson;
  readonly watches: number;
  readonly keys: number;
}

interface Figures {
  readonly micros: number;
  readonly stateMb: number;
  readonly heapMb: number;
}

/** CPU time of a sample in microseconds, megabytes of state, and megabytes of heap used by the evaluation. */
async function measure({ rule, watches, keys }: Case): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  try {
    await using store = await SqliteStore.open({ path: join(folder, "posthorn.db") });
    const ids = new IdGenerator(Date.now, await store.lastKey());
    const rules = { watches: { max: 1000, maxKeys: 100_000_000 } };
    const feeds = { horizon: () => Promise.resolve(ids.settle()), known: 0, wait: () => Promise.resolve() };
    const services = { store, ids, rules, feeds, now: Date.now } as unknown as Services;
    const made = await addWatches(store, watches, rule);
    const readTo = new Map<number, Position>();
    // Every key has a state before the measurement starts.
    await publish(
      store,
      ids,
      Array.from({ length: keys }, (_, index) => `key-${index}`),
    );
    await evaluate(services, made, { readTo });
    if (values.full) await fillWindows(store, made, rule);
    const count = Number(values.samples);
    const stride = Math.max(1, Math.floor(keys / count));
    await publish(
      store,
      ids,
      Array.from({ length: count }, (_, index) => `key-${(index * stride) % keys}`),
    );
    const peak = new HeapPeak();
    const before = process.cpuUsage();
    const samples = await evaluate(services, made, { readTo, peak });
    const { user, system } = process.cpuUsage(before);
    if (samples !== count * watches) throw new Error(`${samples} samples instead of ${count * watches}`);
    const row = await store.db
      .selectFrom("watch_key")
      .select((eb) => eb.fn.sum<number>(eb.fn<number>("length", ["state"])).as("bytes"))
      .executeTakeFirstOrThrow();
    return { micros: (user + system) / samples, stateMb: row.bytes / 1_000_000, heapMb: peak.megabytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log("| Rule | Watches | Keys | CPU µs per sample and watch | CPU µs per message | States MB | Heap MB |");
console.log("| :--- | ------: | ---: | --------------------------: | -----------------: | --------: | ------: |");
for (const name of values.rules.split(",")) {
  const rule = RULES[name];
  if (rule === undefined) throw new Error(`--rules: ${name} is not one of ${Object.keys(RULES).join(", ")}.`);
  for (const keys of values.keys.split(",").map(Number)) {
    for (const watches of values.watches.split(",").map(Number)) {
      // 100 watches with 100,000 keys each are more than an organisation may have.
      if (watches * keys > 1_000_000) continue;
      const { micros, stateMb, heapMb } = await measure({ rule, watches, keys });
      const rounded = [stateMb, heapMb].map((figure) => Math.round(figure * 10) / 10);
      const figures = [watches, keys, Math.round(micros), Math.round(micros * watches), ...rounded];
      console.log(`| ${name} | ${figures.map((figure) => figure.toLocaleString("en")).join(" | ")} |`);
    }
  }
}
