import type { WebhookError, WebhookErrorCode } from "../errors.ts";

/** An HTTP response, for an adapter to write. */
export interface WebhookReply {
  /** HTTP status code. */
  readonly status: number;
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Response body; empty when there is none. */
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

/** Codes that mean the receiver is misconfigured. The sender learns only that it may retry. */
const OURS: ReadonlySet<WebhookErrorCode> = new Set([
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
  "body_already_read",
  "body_unavailable",
]);

/** Response to a rejected request. Misconfiguration of the receiver is a bare 500. */
export function errorReply(error: WebhookError): WebhookReply {
  if (OURS.has(error.code)) return failureReply(500, "internal");
  return jsonReply(STATUS[error.code] ?? 401, { error: { code: error.code, message: error.message } });
}

/** Response that contains only a code. */
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
