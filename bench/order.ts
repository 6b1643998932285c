/**
 * Cost of ordered deliveries for backlogs of different sizes: only the dispatcher and a store, with attempts that succeed immediately. See
 * README.md in this folder.
 *
 *     npm run bench:engine -- --case order --rows 1000,10000,100000 --keys 1,6,1000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../packages/posthorn/src/lib/clock.ts";
import { Dispatcher } from "../packages/posthorn/src/dispatch/dispatcher.ts";
import type { LanePolicy } from "../packages/posthorn/src/dispatch/policy.ts";
import { IdGenerator } from "../packages/posthorn/src/lib/id.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000,10000,100000" }, keys: { type: "string", default: "1,6,1000" } },
});
/** Number of deliveries to count. Each waits for a commit, so the whole backlog would take too long. */
const COUNTED = 5000;
const ENDPOINT = 1;
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(80) }));
const POLICY: LanePolicy = {
  tenant: 1,
  host: "receiver.example",
  concurrency: 64,
  rate: null,
  pausedUntil: null,
  newestFirst: false,
  retry: { backoff: { kind: "schedule", delaysMs: [], jitter: 0 }, maxAgeMs: null, stopCodes: [], retryCodes: null },
  breaker: null,
  order: { by: "key", onFailure: "block", maxBlockMs: null },
  batch: null,
};

async function fill(store: SqliteStore, ids: IdGenerator, rows: number, keys: number): Promise<void> {
  for (let stored = 0; stored < rows; stored += 2000) {
    const entries = Array.from({ length: Math.min(2000, rows - stored) }, (_, index) => {
      const { key: id, id: publicId } = ids.next("msg_");
      const none = { eventId: null, channelsJson: null, tagsJson: null, expiresAt: null, deliverAt: null };
      const more = { idempotency: null, orderingKey: null, unmatchedJson: null, requestJson: null };
      const at = { due: Date.now() - 1000, endpointIds: [ENDPOINT], orderKeys: [`key-${(stored + index) % keys}`] };
      const message = { appId: 1, eventType: "a", payload: PAYLOAD, contentType: "application/json" };
      return { id, publicId, ...message, ...none, ...more, ...at };
    });
    await store.acceptAll(entries);
  }
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly startMs: number;
}

/**
 * Delivers until enough deliveries are counted. The first tenth is excluded, because it includes the scan over all
 * due rows.
 */
function drain(store: SqliteStore, ids: IdGenerator, counted: number): Promise<Measured> {
  const { promise, resolve } = Promise.withResolvers<Measured>();
  const started = performance.now();
  let [done, startMs, begun, cpu] = [0, 0, 0, process.cpuUsage()];
  const dispatcher = new Dispatcher({
    store,
    clock: systemClock,
    random: Math.random,
    policies: { policy: () => POLICY },
    attempter: {
      attempt: async () => {
        const { key: id, id: publicId } = ids.next("atmpt_");
        const response = {
          status: 0,
          responseCode: 200,
          response: "",
          durationMs: 1,
          errorCode: null,
          detailJson: null,
        } as const;
        return {
          kind: "made",
          attempt: { id, publicId, url: "http://receiver.example/", ...response },
          retryAfterMs: null,
        };
      },
    },
    observer: {
      recorded: () => {
        done++;
        if (done === Math.floor(counted / 10)) {
          [startMs, begun, cpu] = [performance.now() - started, performance.now(), process.cpuUsage()];
        }
        if (done !== counted) return;
        const { user, system } = process.cpuUsage(cpu);
        const measured = counted - Math.floor(counted / 10);
        const seconds = (performance.now() - begun) / 1000;
        resolve({ perSecond: measured / seconds, cpuMicros: (user + system) / measured, startMs });
        void dispatcher.stop(0);
      },
    },
  });
  void dispatcher.start();
  return promise;
}

console.log("| Rows | Keys | Deliveries per second | CPU µs each | First tenth ms |");
console.log("| ---: | ---: | ------------------: | ----------: | -------------: |");
for (const rows of values.rows.split(",").map(Number)) {
  for (const keys of values.keys.split(",").map(Number)) {
    const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
    try {
      await using store = await SqliteStore.open({ path: join(folder, "posthorn.db") });
      const ids = new IdGenerator(Date.now, await store.lastKey());
      await fill(store, ids, rows, keys);
      const { perSecond, cpuMicros, startMs } = await drain(store, ids, Math.min(rows, COUNTED));
      const figures = [perSecond, cpuMicros, startMs].map((figure) => Math.round(figure).toLocaleString("en"));
      console.log(`| ${rows.toLocaleString("en")} | ${keys.toLocaleString("en")} | ${figures.join(" | ")} |`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
