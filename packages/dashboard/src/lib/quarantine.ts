/** Requests that failed verification. */

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
