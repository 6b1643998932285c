import type { WebhookError, WebhookErrorCode } from "../errors.ts";

/** A response, for an adapter to write. */
export interface WebhookReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATUS: Partial<Readonly<Record<WebhookErrorCode, number>>> = {
  body_too_large: 413,
  body_invalid: 400,
  event_invalid: 422,
  malformed_header: 400,
  missing_header: 400,
  replayed: 409,
};

/** Codes that mean that the receiver is at fault: the sender is told nothing but that it may try again. */
const OURS: ReadonlySet<WebhookErrorCode> = new Set([
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
  "body_already_read",
  "body_unavailable",
]);

/** The answer to a request that was refused. Faults of the receiver's own set-up are a bare 500. */
export function errorReply(error: WebhookError): WebhookReply {
  if (OURS.has(error.code)) return failureReply(500, "internal");
  return jsonReply(STATUS[error.code] ?? 401, { error: { code: error.code, message: error.message } });
}

/** An answer that says no more than a code. */
export function failureReply(
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): WebhookReply {
  return jsonReply(status, { error: { code } }, headers);
}

function jsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): WebhookReply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}
