/** Entry point of a database thread: one connection that handles requests in order. The writer commits batches, readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, type Handler, readerOn, writerOn } from "./connection.ts";
import { openForReading, openForWriting, refuseHalfCopy } from "./file.ts";
import { migrate } from "./migrate.ts";
import type { ThreadMessage, ThreadOptions, ThreadReply, ThreadRequest } from "./protocol.ts";
import { findWalLoss } from "./wal-loss.ts";
import { WalMarker } from "./wal-mark.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  const handle = options.role === "writer" ? openWriter(options) : openReader(options);
  port.on("message", ({ id, request }: { id: number; request: ThreadRequest }) => {
    port.postMessage(respond(id, request, handle));
    if (request.op === "close") port.close();
  });
  port.postMessage({ id: 0 } satisfies ThreadReply);
} catch (error) {
  port.postMessage({ id: 0, failure: failureOf(error) } satisfies ThreadReply);
  port.close();
}

function respond(id: number, request: ThreadRequest, handle: Handler): ThreadReply {
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
  const loss = findWalLoss(path);
  if (loss !== null) port.postMessage({ walLoss: loss } satisfies ThreadMessage);
  const db = openForWriting(path);
  try {
    refuseHalfCopy(db);
    migrate(db);
    // Starts a new log. Otherwise the frames behind the damage would be reported at each start.
    if (loss !== null) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    // The caller may open the file as soon as it receives the error.
    db.close();
    throw error;
  }
  if (maxPages !== null) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  const handle = writerOn(db);
  const marker = WalMarker.open(db, path);
  return (request) => {
    if (request.op === "close") marker?.remove();
    const result = handle(request);
    if (request.op !== "close") marker?.changed();
    return result;
  };
}
