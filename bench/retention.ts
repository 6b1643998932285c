/**
 * How long a publish waits for the disk with and without concurrent deletion of old rows, alternating over one store with many old
 * messages. The load has a fixed rate, so a stall counts for every waiting publish. See README.md in this folder.
 *
 *     npm run bench:retention -- --messages 200000 --rate 1000 --seconds 1 --rounds 15
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Services } from "../packages/posthorn/src/domain/context.ts";
import { sweepMessages } from "../packages/posthorn/src/domain/retention/sweep-messages.ts";
import { rollUp } from "../packages/posthorn/src/domain/stats/roll-up.ts";
import { IdGenerator, keyAtTime } from "../packages/posthorn/src/lib/id.ts";
import { pauseBetweenSteps } from "../packages/posthorn/src/workers/maintenance.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";
import type { AcceptEntry } from "../packages/posthorn/src/store/store.ts";
import type { Outcome } from "../packages/posthorn/src/store/delivery.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "200000" },
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "15" },
  },
});
const MESSAGES = Number(values.messages);
const RATE = Number(values.rate);
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);

const DAY_MS = 86_400_000;
const PERIODS = { payloadMs: DAY_MS, attemptMs: DAY_MS, failureMs: DAY_MS };
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(1000) }));

function accepted(id: number): AcceptEntry {
  return {
    id,
    publicId: `msg_${id}`,
    appId: 1,
    eventType: "bench.event",
    eventId: null,
    channelsJson: null,
    tagsJson: null,
    payload: PAYLOAD,
    contentType: "application/json",
    expiresAt: null,
    deliverAt: null,
    orderingKey: null,
    unmatchedJson: null,
    requestJson: null,
    due: 0,
    endpointIds: [id % 100],
    idempotency: null,
  };
}

function delivered(id: number, attemptId: number): Outcome {
  const outcome = { status: 0, responseCode: 200, response: "ok", durationMs: 5, errorCode: null } as const;
  const attempt = { id: attemptId, publicId: `atmpt_${attemptId}`, url: "https://example.com/", ...outcome };
  return {
    messageId: id,
    endpointId: id % 100,
    generation: 0,
    trigger: 0,
    state: 1,
    due: null,
    attempts: 1,
    attempt: { ...attempt, detailJson: "x".repeat(300) },
  };
}

/**
 * Publishes and delivers at the rate for a while. Returns how many milliseconds each publish waited, from its
 * scheduled start.
 */
async function load(store: SqliteStore, ids: IdGenerator): Promise<readonly number[]> {
  const waits: number[] = [];
  const open = new Set<Promise<void>>();
  const begun = performance.now();
  const total = RATE * SECONDS;
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * RATE) / 1000));
    for (; sent < due; sent++) {
      const planned = begun + (sent * 1000) / RATE;
      const publish = async (): Promise<void> => {
        const { key } = ids.next("msg_");
        await store.accept(accepted(key));
        waits.push(performance.now() - planned);
        await store.record(delivered(key, ids.next("atmpt_").key));
      };
      const running = publish().finally(() => open.delete(running));
      open.add(running);
    }
    await delay(1);
  }
  await Promise.all(open);
  return waits;
}

function percentileOf(waits: readonly number[], share: number): number {
  const sorted = waits.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Median over the rounds, so that a round with other load on the machine does not distort the result. */
function median(rounds: readonly (readonly number[])[], share: number): number {
  return percentileOf(
    rounds.map((waits) => percentileOf(waits, share)),
    0.5,
  );
}

async function fill(store: SqliteStore): Promise<void> {
  const first = keyAtTime(Date.now() - 10 * DAY_MS);
  for (let start = 0; start < MESSAGES; start += 5000) {
    const keys = Array.from({ length: Math.min(5000, MESSAGES - start) }, (_, index) => first + 2 * (start + index));
    await Promise.all(keys.map((key) => store.accept(accepted(key))));
    await Promise.all(keys.map((key) => store.record(delivered(key, key + 1))));
  }
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const store = await SqliteStore.open({ path: join(folder, "posthorn.db") });
try {
  await fill(store);
  const ids = new IdGenerator(Date.now);
  // Services that the sweep needs.
  const services = { store, now: Date.now } as unknown as Services;
  const all = { messages: Number.MAX_SAFE_INTEGER, attempts: Number.MAX_SAFE_INTEGER };
  await rollUp(services, all, new AbortController().signal);
  await load(store, ids);
  const without: (readonly number[])[] = [];
  const during: (readonly number[])[] = [];
  let deleted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    without.push(await load(store, ids));
    const abort = new AbortController();
    const { signal } = abort;
    const sweep = sweepMessages(services, { periods: PERIODS, signal, pause: pauseBetweenSteps(signal) });
    during.push(await load(store, ids));
    abort.abort();
    deleted += await sweep;
  }
  const size = await store.size();
  const row = (name: string, rounds: readonly (readonly number[])[]): void => {
    const [p50, p99] = [0.5, 0.99].map((share) => median(rounds, share).toFixed(2));
    process.stdout.write(`${name.padEnd(14)} p50 ${p50} ms  p99 ${p99} ms\n`);
  };
  row("no sweep", without);
  row("during a sweep", during);
  const ratio = median(during, 0.99) / median(without, 0.99);
  const rate = Math.round(deleted / (ROUNDS * SECONDS));
  process.stdout.write(`ratio of p99 ${ratio.toFixed(2)}; ${rate} messages deleted per second (${deleted} in total)\n`);
  const begun = performance.now();
  let steps = 0;
  while (await store.reclaim()) steps++;
  const took = ((performance.now() - begun) / Math.max(1, steps)).toFixed(1);
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  const after = await store.size();
  process.stdout.write(
    `returned to the file system: ${mib(size.bytes)} to ${mib(after.bytes)} MiB, ${steps} steps of ${took} ms\n`,
  );
} finally {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
