/** Interface between the runner of HTTP kinds and the authentication schemes of cloud services. */
import type { EgressFailure, EgressRequest, EgressResult } from "@posthorn/egress";
import type { DestinationErrorCode, KindAuth, KindRequest, KindResponse } from "../kind.ts";

/** A request for a token. The deadline, cancellation, address rules, TLS settings and proxy of the attempt apply to it. */
export type TokenRequest = Pick<EgressRequest, "method" | "url" | "headers" | "body">;

export interface AuthContext {
  /** Unix milliseconds. */
  readonly now: number;
  /** Never rejects. */
  readonly send: (request: TokenRequest) => Promise<EgressResult>;
  /** Identifies the address rules and the proxy of `send`. Attempts share a token request only if this is the same. */
  readonly network: string;
  /** Milliseconds until the deadline of the attempt. */
  readonly timeoutMs: number;
  /** Cancels the attempt. */
  readonly signal: AbortSignal;
}

/** The token service refused the credentials, or failed. */
export interface AuthRefusal {
  readonly kind: "retry" | "closed";
  readonly code: DestinationErrorCode;
  /** What the service said and what to do about it. Without secrets. */
  readonly sentence: string;
}

/** The token service did not respond, or the request to it was not sent: a blocked address, a fault of Posthorn, cancellation. */
export interface AuthUnreachable {
  readonly kind: "unreachable";
  readonly failure: EgressFailure;
}

export interface AuthorizedRequest {
  readonly kind: "authorized";
  readonly url: string;
  /** Flat list of names and values, with those that the authentication added. */
  readonly headers: readonly string[];
  /** Lower-case names of headers whose values are hidden in attempts, in addition to those of the request. */
  readonly secretHeaders: readonly string[];
}

export type AuthResult = AuthorizedRequest | AuthRefusal | AuthUnreachable;

/** Signs requests, or adds tokens to them, which it fetches and caches. */
export interface KindAuthorizer {
  /** Ends by `timeoutMs`, or soon after `signal` aborts. Never rejects. Not a promise if no token has to be fetched. */
  authorize(request: KindRequest, auth: KindAuth, context: AuthContext): Promise<AuthResult> | AuthResult;
  /**
   * Whether a response shows that the credentials were outdated: a token that has expired or was revoked, or a date that differs from the
   * receiver's clock. If so, authorize the request again and send it once more in the same attempt.
   *
   * @param now Unix milliseconds.
   */
  isOutdated(request: KindRequest, auth: KindAuth, response: KindResponse, now: number): boolean;
}
