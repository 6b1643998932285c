/** Converts errors to responses. Details that are not meant for the caller only go to the log. */
import { PosthornError, type PosthornErrorCode, ValidationError } from "../lib/errors.ts";
import { type Reply, reply } from "./reply.ts";

/** Details for callers of errors whose own message names files and settings of the server. The log has the original message. */
const CALLER_DETAIL: Partial<Record<PosthornErrorCode, string>> = {
  storage_full: "The disk of the server is full. Nothing was stored. Try again later.",
  storage_corrupt: "The database of the server is damaged. The operator must restore it.",
  storage_failed: "The database of the server reported an error. Nothing was stored. Try again later.",
  storage_unavailable: "The database of the server cannot be reached. Try again later.",
};

/** Response for an error that is meant for the caller; `null` for any other. */
export function errorReply(error: unknown): Reply | null {
  if (error instanceof ValidationError) {
    const { code, issues } = error;
    return reply(422, { ...(code === "validation" ? {} : { code }), detail: issues });
  }
  if (error instanceof PosthornError) {
    return reply(error.status, { code: error.code, detail: CALLER_DETAIL[error.code] ?? error.message });
  }
  return null;
}

/** Error of one item in a response, with the status and code of a separate response. */
export function errorBody(error: unknown): object {
  if (error instanceof ValidationError) return { status: 422, code: error.code, detail: error.issues };
  if (error instanceof PosthornError) {
    return { status: error.status, code: error.code, detail: CALLER_DETAIL[error.code] ?? error.message };
  }
  throw error;
}

/** Response to an unexpected error. */
export function internalErrorReply(): Reply {
  return reply(500, { code: "internal_error", detail: "Something went wrong on the server. Its log has the details." });
}
