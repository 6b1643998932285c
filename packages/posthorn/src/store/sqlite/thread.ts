/** Entry point of a database thread: one connection that handles requests in order. The writer commits batches, readers only read. */
import { parentPort, workerData } from "node:worker_threads";
import { failureOf, type Handler } from "./connection.ts";
import { openHandler } from "./open-handler.ts";
import type { ThreadMessage, ThreadOptions, ThreadReply, ThreadRequest } from "./protocol.ts";

const options = workerData as ThreadOptions;
const port = parentPort!;

try {
  const handle = openHandler(options, (walLoss) => port.postMessage({ walLoss } satisfies ThreadMessage));
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
