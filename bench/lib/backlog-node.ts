/**
 * A process with the dispatcher and a store with a backlog for endpoints that never succeed. Sends the
 * measurements, then waits.
 */
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../packages/posthorn/src/lib/clock.ts";
import { Dispatcher } from "../../packages/posthorn/src/dispatch/dispatcher.ts";
import type { LanePolicy } from "../../packages/posthorn/src/dispatch/policy.ts";
import { IdGenerator } from "../../packages/posthorn/src/lib/id.ts";
import type { JobPage } from "../../packages/posthorn/src/store/delivery.ts";
import { SqliteStore } from "../../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const PAGES = 50;
const PAGE_ROWS = 256;
/** The file, the endpoint without ordering, and the ordered endpoint. */
const [path, plain, ordered] = process.argv.slice(2).map((text, index) => (index === 0 ? text : Number(text))) as [
  string,
  number,
  number,
];
const store = await SqliteStore.open({ path });
const ids = new IdGenerator(Date.now, await store.lastKey());

const policy: LanePolicy = {
  tenant: 1,
  host: "dead.example",
  concurrency: 16,
  rate: null,
  pausedUntil: null,
  newestFirst: false,
  retry: {
    backoff: { kind: "schedule", delaysMs: [60_000], jitter: 0.2 },
    maxAgeMs: null,
    stopCodes: [],
    retryCodes: null,
  },
  breaker: null,
  order: null,
  batch: null,
};

async function microsOf(work: () => Promise<JobPage>): Promise<number> {
  const { length } = (await work()).deliveries;
  if (length !== PAGE_ROWS)
    throw new Error(`A page has ${length} rows instead of ${PAGE_ROWS}, so the measurement would be invalid`);
  const begun = performance.now();
  for (let page = 0; page < PAGES; page++) await work();
  return ((performance.now() - begun) * 1000) / PAGES;
}

const pageMicros = await microsOf(() => store.due(plain, Date.now(), PAGE_ROWS));
const after = { due: -1, messageId: -1 };
const linePageMicros = await microsOf(() =>
  store.due(ordered, Date.now(), PAGE_ROWS, { kind: "ordered", after, known: [], keys: null }),
);

const dispatcher = new Dispatcher({
  store,
  clock: systemClock,
  random: Math.random,
  policies: {
    policy: (endpointId) =>
      endpointId === ordered ? { ...policy, order: { by: "key", onFailure: "block", maxBlockMs: null } } : policy,
  },
  attempter: {
    attempt: () => {
      const { key: id, id: publicId } = ids.next("atmpt_");
      const outcome = {
        status: 2,
        responseCode: 0,
        response: "",
        durationMs: 1,
        errorCode: "reset",
        detailJson: null,
      } as const;
      return Promise.resolve({
        kind: "made",
        attempt: { id, publicId, url: "http://dead.example/", ...outcome },
        retryAfterMs: null,
      });
    },
  },
});
const begun = performance.now();
await dispatcher.start();
const startMs = performance.now() - begun;
await delay(5000);
process.send?.({ startMs, pageMicros, linePageMicros });
process.on("SIGTERM", () => process.exit(0));
