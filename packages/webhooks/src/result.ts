import type { WebhookError } from "./errors.ts";

/** Result of every scheme for a request whose signature or credential was accepted. */
export interface Verified {
  readonly ok: true;
  /** Scheme that was checked, such as `standard-webhooks` or the name of a provider's scheme. */
  readonly scheme: string;
  /**
   * Position of the secret or key that matched, starting at 0. During a rotation it shows whether the old secret is
   * still in use.
   */
  readonly secretIndex: number;
  /** Delivery ID that the sender repeats on every retry; `undefined` when the scheme carries none. */
  readonly id: string | undefined;
  /** Signed timestamp; `undefined` when the signature does not cover one. */
  readonly signedAt: Date | undefined;
}

/** A request that must not be processed, with the reason. */
export interface Rejected {
  readonly ok: false;
  /** Why the request was rejected. */
  readonly error: WebhookError;
}

/** Result of the `tryVerify…` functions, which return the error instead of throwing it. Check `ok` first. */
export type VerifyResult<T extends Verified = Verified> = T | Rejected;

/**
 * Returns the accepted value of a {@link VerifyResult}, or throws its error. Each plain `verify…` function is its
 * `tryVerify…` counterpart followed by `unwrap`, so a caller who ignores the return value is still safe.
 *
 * @param result Result of a `tryVerify…` function.
 * @returns The accepted result.
 * @throws {WebhookError} The error of a rejected result, with its own code.
 *
 * @example
 *
 * ```ts
 * import { tryVerify, unwrap } from "@posthorn/webhooks";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
 * const headers = {
 *   "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
 *   "webhook-timestamp": "1614265330",
 *   "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
 * };
 * const result = await tryVerify({ headers, body: '{"test": 2432232314}' }, secret, { now: () => 1_614_265_330_000 });
 * console.log(unwrap(result).id); // msg_p5jXN8AQM9LWM0D4loKWxJek
 * ```
 */
export function unwrap<T extends Verified>(result: VerifyResult<T>): T {
  if (result.ok) return result;
  throw result.error;
}
