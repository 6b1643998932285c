/**
 * Rows and bytes per second of `posthorn copy`, from a file to a dedicated PostgreSQL and back. See README.md in this folder.
 *
 *     npm run bench:copy -- --messages 50000
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keyAtTime } from "../packages/posthorn/src/lib/id.ts";
import { planCopy, runCopy } from "../packages/posthorn/src/store/copy/copy.ts";
import { PostgresSide } from "../packages/posthorn/src/store/copy/postgres-side.ts";
import type { CopyTarget } from "../packages/posthorn/src/store/copy/side.ts";
import { SqliteSide } from "../packages/posthorn/src/store/copy/sqlite-side.ts";
import { openForWriting } from "../packages/posthorn/src/store/sqlite/file.ts";
import { migrate } from "../packages/posthorn/src/store/sqlite/migrate.ts";
import { startPostgres } from "../packages/testkit/src/postgres.ts";

const { values } = parseArgs({ options: { messages: { type: "string", default: "50000" } } });
const MESSAGES = Number(values.messages);
const HISTORY_MS = 30 * 86_400_000;
const MIB = 1024 * 1024;

/** Creates messages of 1 KiB over 30 days, each with a delivery and an attempt. */
function fill(path: string): void {
  const db = openForWriting(path);
  migrate(db);
  const begin = Date.now() - HISTORY_MS;
  const message = db.prepare(
    "INSERT INTO message (id, public_id, app_id, event_type, payload, content_type) VALUES (?, ?, 1, 'a.b', randomblob(1024), 'application/json')",
  );
  const delivery = db.prepare("INSERT INTO delivery VALUES (?, ?, 1, NULL, 1, 0, 0, NULL, NULL, NULL)");
  const attempt = db.prepare(
    "INSERT INTO attempt VALUES (?, ?, ?, ?, 'https://example.com/webhooks', 0, 0, 200, 'ok', 12, NULL, ?, NULL)",
  );
  const detail = JSON.stringify({ headers: "x".repeat(500) });
  db.exec("BEGIN");
  for (let count = 0; count < MESSAGES; count++) {
    const id = keyAtTime(begin + Math.floor((count / MESSAGES) * HISTORY_MS)) + (count % 10_000);
    message.run(id, `msg_${"x".repeat(20)}${id}`);
    delivery.run(id, count % 100);
    attempt.run(id, `atmpt_${"x".repeat(20)}${id}`, id, count % 100, detail);
  }
  db.exec("COMMIT");
  db.close();
}

async function measure(what: string, source: CopyTarget, target: CopyTarget): Promise<void> {
  await using from = source;
  await using to = target;
  const sides = { source: from, target: to };
  const begun = performance.now();
  let checkedFrom = begun;
  let mostBytes = 0;
  const checked = await runCopy(sides, await planCopy(sides, () => true), ({ step }) => {
    if (step === "copy") checkedFrom = performance.now();
    mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
  });
  const ended = performance.now();
  const rows = checked.reduce((sum, table) => sum + table.rows, 0);
  const bytes = checked.reduce((sum, table) => sum + table.bytes, 0);
  const rate = (amount: number, ms: number): string => Math.round((amount / ms) * 1000).toLocaleString("en");
  console.log(
    `${what}: ${rows} rows, ${Math.round(bytes / MIB)} MiB in ${((ended - begun) / 1000).toFixed(1)} s; ` +
      `copied ${rate(rows, checkedFrom - begun)} rows and ${rate(bytes / MIB, checkedFrom - begun)} MiB per second, ` +
      `checked ${rate(rows, ended - checkedFrom)} rows per second; ${Math.round(mostBytes / MIB)} MiB of memory`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
const file = (name: string, as: "source" | "target"): CopyTarget =>
  SqliteSide.open({ path: join(folder, name), as, replaceNul: as === "source" });
try {
  await using postgres = await startPostgres();
  fill(join(folder, "a.db"));
  await measure("to PostgreSQL", file("a.db", "source"), await PostgresSide.open(postgres.url));
  await measure("to a file", await PostgresSide.open(postgres.url), file("b.db", "target"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
