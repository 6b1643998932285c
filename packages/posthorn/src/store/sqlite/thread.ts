/** A database thread: one connection, requests answered in order. The writer commits batches; readers only read. */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, type Handler, readerOn, writerOn } from "./connection.ts";
import { migrate } from "./migrate.ts";
import type { ThreadOptions, ThreadReply, ThreadRequest } from "./protocol.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  const handle = options.role === "writer" ? openWriter(options) : openReader(options);
  port.on("message", ({ id, request }: { id: number; request: ThreadRequest }) => {
    port.postMessage(answer(id, request, handle));
    if (request.op === "close") port.close();
  });
  port.postMessage({ id: 0 } satisfies ThreadReply);
} catch (error) {
  port.postMessage({ id: 0, failure: failureOf(error) } satisfies ThreadReply);
  port.close();
}

function answer(id: number, request: ThreadRequest, handle: Handler): ThreadReply {
  try {
    return { id, value: handle(request) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}

function openReader({ path }: ThreadOptions): Handler {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
  return readerOn(db);
}

function openWriter({ path, maxPages }: ThreadOptions): Handler {
  const db = new DatabaseSync(path);
  // auto_vacuum must be set before the first table is made; it lets retention give pages back to the disk.
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
  migrate(db);
  if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  return writerOn(db);
}
