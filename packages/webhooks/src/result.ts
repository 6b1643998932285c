import type { WebhookError } from "./errors.ts";

/** What every scheme can say about a request whose signature or credential was accepted. */
export interface Verified {
  readonly ok: true;
  /** What was checked, such as `standard-webhooks` or a provider's scheme. */
  readonly scheme: string;
  /** Which of the caller's secrets or keys matched, from 0: tells when an old secret is still in use. */
  readonly secretIndex: number;
  /** Delivery id that the sender repeats on every retry, when the scheme carries one. */
  readonly id: string | undefined;
  /** The time that the signature covers, when it covers one. */
  readonly signedAt: Date | undefined;
}

/** A request that must not be acted on, with the reason. */
export interface Rejected {
  readonly ok: false;
  readonly error: WebhookError;
}

/** Outcome of the `tryVerify…` forms, which report instead of throwing. */
export type VerifyResult<T extends Verified = Verified> = T | Rejected;

/**
 * Turns a result into the accepted value or throws its error. The plain `verify…` functions are their `tryVerify…`
 * form followed by this: a caller who ignores what they return is still safe.
 */
export function unwrap<T extends Verified>(result: VerifyResult<T>): T {
  if (result.ok) return result;
  throw result.error;
}
