/** A database thread: one connection, requests answered in order. The writer commits batches; readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, type Handler, readerOn, writerOn } from "./connection.ts";
import { openForReading, openForWriting, refuseHalfCopy } from "./file.ts";
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
  return readerOn(openForReading(path));
}

function openWriter({ path, maxPages }: ThreadOptions): Handler {
  const db = openForWriting(path);
  try {
    refuseHalfCopy(db);
    migrate(db);
  } catch (error) {
    // Whoever is told may open the file himself at once.
    db.close();
    throw error;
  }
  if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  return writerOn(db);
}
