/** Entry point of a database thread: one connection that handles requests in order. The writer commits batches, readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadMessage, ThreadOptions, ThreadReply, ThreadRequest } from "./protocol.ts";
import { failureOf, type Handler, openReader } from "./reader.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  if (options.role === "reader") read(openReader(options.path));
  else await write();
  port.postMessage({ id: 0 } satisfies ThreadReply);
} catch (error) {
  port.postMessage({ id: 0, failure: failureOf(error) } satisfies ThreadReply);
  port.close();
}

function read(handle: Handler): void {
  port.on("message", ({ id, request }: { id: number; request: ThreadRequest }) => {
    port.postMessage(respond(id, request, handle));
    if (request.op === "close") port.close();
  });
}

async function write(): Promise<void> {
  // Migrations and hot statements, which would be in the memory of each reader.
  const { openWriterPorts } = await import("./open-writer.ts");
  const ports = openWriterPorts(options, (walLoss) => port.postMessage({ walLoss } satisfies ThreadMessage));
  ports.add(port);
}

function respond(id: number, request: ThreadRequest, handle: Handler): ThreadReply {
  try {
    return { id, value: handle(request) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}
