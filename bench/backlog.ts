/**
 * Cost of a backlog for a dead endpoint: memory of the server, and the time to load a page of due deliveries. See README.md in this
 * folder.
 *
 *     npm run bench:engine -- --case backlog --rows 1000,100000,1000000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, residentMib, startModule, stop } from "./lib/processes.ts";
import { IdGenerator, keyOfId } from "../packages/posthorn/src/lib/id.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000,100000,1000000" } } });
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(80) }));
/** URL on which nothing listens. */
const DEAD = "http://127.0.0.1:1024/";
/** Milliseconds after the start at which memory is measured. */
const SAMPLES_MS = [5000, 40_000];

/** Row keys of the application and its endpoints. For the ordered endpoint, each message has its own ordering key. */
interface Owners {
  readonly appId: number;
  readonly plain: number;
  readonly ordered: number;
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const path = join(folder, "posthorn.db");
let stored = 0;

async function prepare(): Promise<Owners> {
  await using node = await startMeasuredNode({}, { folder });
  const app = await node.call("GET", "app/bench");
  const plain = await node.call("POST", "app/bench/endpoint", { url: DEAD, uid: "plain" });
  const ordered = await node.call("POST", "app/bench/endpoint", { url: DEAD, uid: "ordered" });
  await node.call("PUT", "app/bench/endpoint/ordered/policy", { order: { by: "key" } });
  return {
    appId: keyOfId("app_", String(app.id))!,
    plain: keyOfId("ep_", String(plain.id))!,
    ordered: keyOfId("ep_", String(ordered.id))!,
  };
}

/** Resident memory of the server in MiB, at each time after it started with the backlog. */
async function serverMib(): Promise<readonly number[]> {
  await using measured = await startMeasuredNode({}, { folder });
  const found: number[] = [];
  for (const [index, at] of SAMPLES_MS.entries()) {
    await delay(at - (SAMPLES_MS[index - 1] ?? 0));
    found.push(residentMib(measured.node.child.pid!));
  }
  return found;
}

/** Fails unless the whole backlog is still due, because the figures are only valid then. */
function expectAllPending(rows: number): void {
  using db = new DatabaseSync(path, { readOnly: true });
  const { pending } = db.prepare("SELECT count(*) AS pending FROM delivery WHERE due IS NOT NULL").get() as {
    pending: number;
  };
  if (pending !== 2 * rows)
    throw new Error(`${pending} of ${2 * rows} deliveries are pending, so the measurement would be invalid`);
}

async function fillTo(rows: number, { appId, plain, ordered }: Owners): Promise<void> {
  await using store = await SqliteStore.open({ path });
  const ids = new IdGenerator(Date.now, await store.lastKey());
  while (stored < rows) {
    const count = Math.min(2000, rows - stored);
    const entries = Array.from({ length: count }, (_, index) => {
      const { key: id, id: publicId } = ids.next("msg_");
      const orderKeys = [null, `key-${stored + index}`];
      const none = {
        eventId: null,
        channelsJson: null,
        tagsJson: null,
        expiresAt: null,
        deliverAt: null,
        idempotency: null,
      };
      const more = { orderingKey: null, unmatchedJson: null, requestJson: null, contentType: "application/json" };
      const at = { due: Date.now() - 1000, endpointIds: [plain, ordered], orderKeys };
      return { id, publicId, appId, eventType: "a", payload: PAYLOAD, ...none, ...more, ...at };
    });
    await store.acceptAll(entries);
    stored += count;
  }
}

interface Measured {
  readonly startMs: number;
  readonly pageMicros: number;
  readonly linePageMicros: number;
}

console.log(
  `\n| rows of each endpoint | ${SAMPLES_MS.map((at) => `server MiB after ${at / 1000} s`).join(" | ")} | page of 256 µs | page in order µs | dispatcher alone MiB | dispatcher start ms |`,
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  const owners = await prepare();
  for (const rows of values.rows.split(",").map(Number)) {
    await fillTo(rows, owners);
    const node = startModule("backlog-node.ts", [path, String(owners.plain), String(owners.ordered)]);
    const { startMs, pageMicros, linePageMicros } = await nextMessage<Measured>(node);
    const alone = residentMib(node.pid!);
    await stop(node);
    const figures = [...(await serverMib()), pageMicros, linePageMicros, alone, startMs].map((n) => n.toFixed(0));
    expectAllPending(rows);
    console.log(`| ${rows.toLocaleString("en")} | ${figures.join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
