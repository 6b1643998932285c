/**
 * What a backlog of one dead endpoint costs: memory of a process that has it, and the time to find what is due. See README.md beside
 * this file.
 *
 *     npm run bench:backlog -- --rows 10000,100000,1000000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nextMessage, residentMib, startModule, stop } from "./lib/processes.ts";
import { IdGenerator } from "../packages/posthorn/src/id.ts";
import { SqliteStore } from "../packages/posthorn/src/store/sqlite/sqlite-store.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "10000,100000,1000000" } } });
const PAYLOAD = Buffer.from(JSON.stringify({ data: "x".repeat(80) }));
/** Of the endpoint with an order every message has a key of its own. */
const [PLAIN, ORDERED] = [1, 2];

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const path = join(folder, "posthorn.db");
let stored = 0;

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
  readonly attempts: number;
}

console.log("\n| pending rows | RSS MiB | start ms | page of 256 µs | page in order µs | attempts in 5 s |");
console.log("| ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  for (const rows of values.rows.split(",").map(Number)) {
    await fillTo(rows);
    const node = startModule("backlog-node.ts", [path]);
    const { startMs, pageMicros, linePageMicros, attempts } = await nextMessage<Measured>(node);
    const figures = [residentMib(node.pid!), startMs, pageMicros, linePageMicros, attempts].map((n) => n.toFixed(0));
    console.log(`| ${(2 * rows).toLocaleString("en")} | ${figures.join(" | ")} |`);
    await stop(node);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
