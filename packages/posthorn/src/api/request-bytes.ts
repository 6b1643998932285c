/** Reads the body of an API request. */
import type { IncomingMessage } from "node:http";
import { errorCodes } from "fastify";
import { ByteCollector } from "../lib/byte-collector.ts";

/**
 * Reads the whole body. Rejects if it has more bytes than `limit`, or ends early. Fastify would keep each chunk separately, and a client may
 * send chunks of single bytes.
 */
export function readRequest(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const body = new ByteCollector();
    let size = 0;
    const stop = (error: Error): void => {
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
      reject(error);
    };
    const onError = (error: Error): void => stop(Object.assign(error, { statusCode: 400 }));
    // After `end`, this has no effect.
    const onClose = (): void => onError(new Error("The body ended before it was complete."));
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength;
      if (size > limit) stop(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
      else body.add(chunk);
    };
    // A copy, because a chunk may be a view of everything that was read at once.
    const onEnd = (): void => resolve(Buffer.concat([body.bytes()]));
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    if (Number(request.headers["content-length"]) > limit) stop(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
    // It ended before the listeners were added, so no event will follow.
    else if (request.destroyed) onClose();
  });
}
