/** Requests that failed verification. */

/** Stable codes of the reasons. */
export const QUARANTINE_REASONS = [
  "missing_header",
  "malformed_header",
  "missing_field",
  "unknown_version",
  "unsupported_algorithm",
  "body_invalid",
  "body_too_large",
  "body_already_read",
  "body_unavailable",
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
  "secret_invalid",
  "config_missing",
  "key_unavailable",
  "argument_invalid",
  "runtime_unsupported",
  "event_invalid",
  "origin_not_allowed",
  "appointment_unreadable",
  "item_without_id",
  "mail_unreadable",
  "message_unreadable",
  "not_stored",
  "too_large",
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** The reason with this code; `undefined`: this dashboard does not know it. */
export function quarantineReason(code: unknown): QuarantineReason | undefined {
  return QUARANTINE_REASONS.find((reason) => reason === code);
}

/** Verification errors of a request that may be forged: its signature or credential is wrong or absent. */
const FORGED: ReadonlySet<string> = new Set([
  "certificate_untrusted",
  "credential_mismatch",
  "digest_mismatch",
  "key_untrusted",
  "missing_header",
  "signature_mismatch",
  "token_invalid",
]);

export function isForged(reason: string): boolean {
  return FORGED.has(reason);
}
