/**
 * Every code that a {@link WebhookError} can carry. Codes are stable: branch on the code, never on the message.
 *
 * `docs/webhooks/errors.md` explains each code and what to do about it; a test keeps that page and this list in step.
 */
export const WEBHOOK_ERROR_CODES = [
  // Part of the request is missing or unreadable.
  "missing_header",
  "malformed_header",
  "missing_field",
  "unknown_version",
  "unsupported_algorithm",
  "body_invalid",
  "body_too_large",
  "body_already_read",
  "body_unavailable",
  // The request is readable but not authentic, or too old.
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
  // The receiver or the call is misconfigured.
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
  // The request is authentic, but its content is not what the receiver expects.
  "event_invalid",
] as const;

/** Stable, machine-readable cause of a {@link WebhookError}: one of {@link WEBHOOK_ERROR_CODES}. */
export type WebhookErrorCode = (typeof WEBHOOK_ERROR_CODES)[number];

/**
 * Facts about a failure that are safe to log and to return to the sender: names and numbers only. Details never
 * contain a secret, the value of a signature, or a signature that would have been accepted.
 */
export interface WebhookErrorDetails {
  /** Provider ID, such as `stripe`. Set when a provider definition verified the request. */
  readonly provider?: string;
  /** Header that the failure is about, in lower case. */
  readonly headerName?: string;
  /** Body field, query parameter or token claim that the failure is about. */
  readonly field?: string;
  /** Position in the caller's list of secrets, starting at 0. */
  readonly secretIndex?: number;
  /** Age of the request in seconds by the receiver's clock. Negative when its timestamp lies in the future. */
  readonly ageSeconds?: number;
  /** Limit in seconds that the age exceeded. */
  readonly toleranceSeconds?: number;
}

/**
 * Error thrown by every function of this package for a request or a setting it rejects. `code` is for programs;
 * `message` says what was wrong, where, and what to do, and is safe to log.
 *
 * Use {@link isWebhookError} instead of `instanceof` when two copies of the package may be loaded.
 *
 * @example
 *
 * ```ts
 * import { verify, WebhookError } from "@posthorn/webhooks";
 *
 * try {
 *   await verify({ headers: {}, body: "{}" }, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * } catch (error) {
 *   if (!(error instanceof WebhookError)) throw error;
 *   console.log(error.code, error.details.headerName); // missing_header webhook-signature
 * }
 * ```
 */
export class WebhookError extends Error {
  /** Always `WebhookError`: what {@link isWebhookError} checks. */
  override readonly name: string = "WebhookError";
  /** Stable cause: see {@link WEBHOOK_ERROR_CODES}. */
  readonly code: WebhookErrorCode;
  /** Names and numbers behind the failure, safe to log. */
  readonly details: WebhookErrorDetails;

  /**
   * Creates an error. Only custom schemes and sources need this.
   *
   * @param code Stable cause.
   * @param message What was wrong, where, and what to do. Must not contain a secret or a signature.
   * @param details Names and numbers for logs.
   * @param options The underlying error as `cause`.
   */
  constructor(code: WebhookErrorCode, message: string, details: WebhookErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Checks whether a value is a {@link WebhookError}, including one created by another copy of this package.
 *
 * @param value Anything, usually what a `catch` clause received.
 * @returns `true` when `code` and `details` can be read.
 *
 * @example
 *
 * ```ts
 * import { isWebhookError, parseSecret } from "@posthorn/webhooks";
 *
 * try {
 *   parseSecret("whsec_too-short");
 * } catch (error) {
 *   console.log(isWebhookError(error) && error.code); // secret_invalid
 * }
 * ```
 */
export function isWebhookError(value: unknown): value is WebhookError {
  return value instanceof Error && value.name === "WebhookError" && "code" in value;
}
