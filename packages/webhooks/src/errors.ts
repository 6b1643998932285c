/**
 * Every code a {@link WebhookError} can carry. The codes are stable: switch on them, never on the message.
 * `docs/webhooks/errors.md` describes each one; a test holds this list and that page together.
 */
export const WEBHOOK_ERROR_CODES = [
  // The request lacks something, or what it has cannot be read.
  "missing_header",
  "malformed_header",
  "missing_field",
  "unknown_version",
  "unsupported_algorithm",
  "body_invalid",
  "body_too_large",
  "body_already_read",
  "body_unavailable",
  // The request can be read but is not to be believed.
  "signature_mismatch",
  "digest_mismatch",
  "credential_mismatch",
  "url_mismatch",
  "id_invalid",
  "timestamp_invalid",
  "timestamp_too_old",
  "timestamp_too_new",
  "token_invalid",
  "token_expired",
  "token_not_yet_valid",
  "certificate_untrusted",
  "key_untrusted",
  "replayed",
  "unverifiable",
  // The receiver, or the call, is not set up right.
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
  // The request is genuine, its content is not what the caller asked for.
  "event_invalid",
] as const;

/** A stable, machine-readable cause. */
export type WebhookErrorCode = (typeof WEBHOOK_ERROR_CODES)[number];

/**
 * Facts about a failure that are safe to log and to answer with: names and numbers, never a secret, never the value of
 * a signature, never a signature that would have been accepted.
 */
export interface WebhookErrorDetails {
  /** Provider id, such as `stripe`, when a provider definition was in charge. */
  readonly provider?: string;
  /** Header the failure is about, in lower case. */
  readonly headerName?: string;
  /** Body field, query parameter or token claim the failure is about. */
  readonly field?: string;
  /** Position in the caller's list of secrets, from 0. */
  readonly secretIndex?: number;
  /** Distance between the request's time and the receiver's clock in seconds, positive when the request is older. */
  readonly ageSeconds?: number;
  /** The allowed distance in seconds that was exceeded. */
  readonly toleranceSeconds?: number;
}

/**
 * The only error this package throws. `code` says what happened, `message` says where and what to do about it, in words
 * that are safe to log. Test with {@link isWebhookError} when two copies of the package may be loaded.
 */
export class WebhookError extends Error {
  override readonly name: string = "WebhookError";
  readonly code: WebhookErrorCode;
  readonly details: WebhookErrorDetails;

  constructor(code: WebhookErrorCode, message: string, details: WebhookErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** Whether `value` is a {@link WebhookError}, also one of another copy of this package. */
export function isWebhookError(value: unknown): value is WebhookError {
  return value instanceof Error && value.name === "WebhookError" && "code" in value;
}
