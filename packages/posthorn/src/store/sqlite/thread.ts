/** Entry point of a database thread: one connection that handles requests in order. The writer commits batches, readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadMessage, ThreadOptions, ThreadReply, ThreadRequest, ThreadResults } from "./protocol.ts";
import { failureOf, type Handler, openReader } from "./reader.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  const handle = await open();
  port.on("message", ({ id, request }: { id: number; request: ThreadRequest }) => {
    const reply = respond(id, request, handle);
    port.postMessage(reply, transferred(request, reply));
    if (request.op === "close") port.close();
  });
  port.postMessage({ id: 0 } satisfies ThreadReply);
} catch (error) {
  port.postMessage({ id: 0, failure: failureOf(error) } satisfies ThreadReply);
  port.close();
}

async function open(): Promise<Handler> {
  if (options.role === "reader") return openReader(options.path);
  // Migrations and hot statements, which would be in the memory of each reader.
  const { openWriter } = await import("./open-writer.ts");
  return openWriter(options, (walLoss) => port.postMessage({ walLoss } satisfies ThreadMessage));
}

/** The memory that is handed over with a reply. */
function transferred({ op }: ThreadRequest, { value }: ThreadReply): ArrayBuffer[] {
  return op === "due" && value !== undefined ? [(value as ThreadResults["due"]).payloads.buffer] : [];
}

function respond(id: number, request: ThreadRequest, handle: Handler): ThreadReply {
  try {
    return { id, value: handle(request) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}
