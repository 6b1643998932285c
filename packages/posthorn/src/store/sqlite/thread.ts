/** Entry point of a database thread: one connection that handles requests in order. The writer commits batches, readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import { returnThreadMemoryAtRest } from "../../lib/memory-at-rest.ts";
import type { ThreadMessage, ThreadOptions, ThreadReply, ThreadRequest } from "./protocol.ts";
import { failureOf, type Handler, memoryOf, openReader } from "./reader.ts";
import type { WalLoss } from "./wal-loss.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  if (options.role === "reader") serve(readerOnDemand(options.path));
  else await openWriter();
  port.postMessage({ id: 0 } satisfies ThreadReply);
  returnThreadMemoryAtRest();
} catch (error) {
  port.postMessage({ id: 0, failure: failureOf(error) } satisfies ThreadReply);
  port.close();
}

/**
 * Opens the connection with the first request: the thread starts at the same time as the writer, which may still create the file's schema.
 * If the file cannot be opened, the request fails and the next one tries it again.
 */
function readerOnDemand(path: string): Handler {
  let handle: Handler | null = null;
  return (request) => {
    if (handle === null && request.op === "close") return null;
    handle ??= openReader(path);
    return handle(request);
  };
}

/** Loads migrations and hot statements, which would be in the memory of each reader, and what several threads need if there are several. */
async function openWriter(): Promise<void> {
  const onWalLoss = (walLoss: WalLoss): void => port.postMessage({ walLoss } satisfies ThreadMessage);
  if (options.words) {
    const shared = await import("./threads/open-shared-writer.ts");
    shared.openSharedWriter(options, options.words, onWalLoss).add(port);
  } else {
    const alone = await import("./open-writer.ts");
    serve(alone.openWriter(options, onWalLoss));
  }
}

/** Serves the thread that started this one. */
function serve(handle: Handler): void {
  port.on("message", ({ id, request }: { id: number; request: ThreadRequest }) => {
    const reply = respond(id, request, handle);
    port.postMessage(reply, memoryOf(request, reply));
    if (request.op === "close") port.close();
  });
}

function respond(id: number, request: ThreadRequest, handle: Handler): ThreadReply {
  try {
    return { id, value: handle(request) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}
