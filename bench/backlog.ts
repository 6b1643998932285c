/**
 * What a backlog of a dead endpoint costs: memory of the server that has it, and the time to page in what is due. See README.md beside
 * this file.
 *
 *     npm run bench:engine -- --case backlog --rows 1000,100000,1000000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startMeasuredNode } from "./lib/node-api.ts";
import { nextMessage, residentMib, startModule, stop } from "./lib/processes.ts";
import { IdGenerator } from "../packages/posthorn/src/id.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000,100000,1000000" } } });
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(80) }));
/** Keys of the rows of the two endpoints, the first ones of an empty store. In the one with an order every message has a key of its own. */
const [PLAIN, ORDERED] = [1, 2];
/** Where nothing listens. */
const DEAD = "http://127.0.0.1:1024/";
const SETTLE_MS = 5000;

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const path = join(folder, "posthorn.db");
let stored = 0;

async function prepare(): Promise<void> {
  await using node = await startMeasuredNode({}, { folder });
  await node.call("POST", "app/bench/endpoint", { url: DEAD, uid: "plain" });
  await node.call("POST", "app/bench/endpoint", { url: DEAD, uid: "ordered" });
  await node.call("PUT", "app/bench/endpoint/ordered/policy", { order: { by: "key" } });
}

/** Resident memory of the server some seconds after it began with the backlog, in MiB. */
async function serverMib(): Promise<number> {
  await using measured = await startMeasuredNode({}, { folder });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return residentMib(measured.node.child.pid!);
}

async function fillTo(rows: number): Promise<void> {
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
      const at = { due: Date.now() - 1000, endpointIds: [PLAIN, ORDERED], orderKeys };
      return { id, publicId, appId: 1, eventType: "a", payload: PAYLOAD, ...none, ...more, ...at };
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
  "\n| rows of each endpoint | server MiB | page of 256 µs | page in order µs | dispatcher alone MiB | its start ms |",
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  await prepare();
  for (const rows of values.rows.split(",").map(Number)) {
    await fillTo(rows);
    const node = startModule("backlog-node.ts", [path]);
    const { startMs, pageMicros, linePageMicros } = await nextMessage<Measured>(node);
    const alone = residentMib(node.pid!);
    await stop(node);
    const figures = [await serverMib(), pageMicros, linePageMicros, alone, startMs].map((n) => n.toFixed(0));
    console.log(`| ${rows.toLocaleString("en")} | ${figures.join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
