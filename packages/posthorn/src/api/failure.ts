/** Responses to errors of requests, including errors of Fastify and unexpected ones, which are logged. */
import type { FastifyBaseLogger } from "fastify";
import { isStoreUnavailable } from "../store/errors.ts";
import { errorReply, internalErrorReply } from "./error-reply.ts";
import { type Reply, reply } from "./reply.ts";

/** Parts of a request that are needed to log its failure. */
export interface FailedRequest {
  readonly log: Pick<FastifyBaseLogger, "debug" | "warn" | "error">;
  readonly socket: { readonly destroyed: boolean };
}

/** Response to an error. Logs errors that are not the caller's. */
export function failureReply(error: unknown, request: FailedRequest): Reply {
  const known = errorReply(error);
  if (known !== null) {
    if (known.status >= 500) logFailure(request, error);
    return known;
  }
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message: string };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return reply(413, {
      code: "payload_too_large",
      detail: "The request is larger than this server accepts (POSTHORN_MAX_PAYLOAD_BYTES).",
    });
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return reply(statusCode, { code: "bad_request", detail: message });
  }
  logFailure(request, error);
  return internalErrorReply();
}

/** Logs a failed request. It is only a warning if the client has disconnected, for example because the server is stopping. */
function logFailure({ log, socket }: FailedRequest, err: unknown): void {
  // The store logs a database outage once.
  if (isStoreUnavailable(err)) log.debug({ err }, "request failed");
  else log[socket.destroyed ? "warn" : "error"]({ err }, "request failed");
}
