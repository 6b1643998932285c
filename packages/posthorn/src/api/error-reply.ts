/** Any error as an answer. What is not meant for the caller goes to the log only. */
import { PosthornError, ValidationError } from "../errors.ts";
import { type Reply, reply } from "./reply.ts";

/** Seconds after which a caller may come back when the server cannot do it now. */
export const RETRY_AFTER_SECONDS = 1;

/** The answer for an error that is meant for the caller; `null` for any other. */
export function errorReply(error: unknown): Reply | null {
  if (error instanceof ValidationError) return reply(422, { detail: error.issues });
  if (error instanceof PosthornError) return reply(error.status, { code: error.code, detail: error.message });
  return null;
}

/** The answer when something failed that should not have. */
export function internalErrorReply(): Reply {
  return reply(500, { code: "internal_error", detail: "Something went wrong here. The log of the server says what." });
}
