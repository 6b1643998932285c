import type { Egress } from "../egress.ts";
import { EgressConfigError } from "../errors.ts";
import { failedEarly } from "../failure.ts";
import type { EgressRequest, EgressResult } from "../types.ts";
import { hmacHeaders } from "./hmac.ts";
import type { HmacAuth } from "./hmac.ts";
import { TokenCache } from "./oauth2.ts";
import type { OAuth2Auth, TokenOptions } from "./oauth2.ts";

/**
 * How a delivery proves itself to an endpoint, beside its signature. This package holds secrets in memory only:
 * encrypting them at rest and never giving them out again is the business of whoever stores them.
 */
export type EndpointAuth =
  | { readonly type: "basic"; readonly user: string; readonly password: string }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "header"; readonly name: string; readonly value: string }
  | HmacAuth
  | OAuth2Auth;

/** Options of {@link AuthSender}. */
export interface AuthOptions extends TokenOptions {
  /** For tests: milliseconds since the epoch. */
  readonly wallClock?: () => number;
}

/** Sends requests with the credentials of their endpoint. Works on top of an {@link Egress} that the caller owns. */
export class AuthSender {
  readonly #egress: Pick<Egress, "send">;
  readonly #tokens: TokenCache;
  readonly #now: () => number;
  readonly #wallClock: () => number;

  constructor(egress: Pick<Egress, "send">, options: AuthOptions = {}) {
    this.#egress = egress;
    this.#tokens = new TokenCache(egress, options);
    this.#now = options.now ?? (() => performance.now());
    this.#wallClock = options.wallClock ?? Date.now;
  }

  /**
   * As {@link Egress.send}, with credentials. With OAuth 2 the deadline covers getting the token too, and a 401 for a
   * token out of the cache is answered once with a fresh one.
   */
  async send(request: EgressRequest, auth: EndpointAuth): Promise<EgressResult> {
    if (auth.type === "oauth2") return this.#sendWithToken(request, auth);
    let headers: string[];
    try {
      headers = authHeaders(auth, request.body, this.#wallClock() / 1000);
    } catch (error) {
      return failedEarly(error);
    }
    return this.#egress.send({ ...request, headers: [...request.headers, ...headers] });
  }

  async #sendWithToken(request: EgressRequest, auth: OAuth2Auth): Promise<EgressResult> {
    const endsAt = this.#now() + request.timeoutMs;
    for (;;) {
      const outcome = await this.#tokens.get(auth, request);
      if (!outcome.ok) return outcome.failure;
      const headers = [...request.headers, "authorization", `Bearer ${outcome.token}`];
      const result = await this.#egress.send({ ...request, headers, timeoutMs: Math.max(1, endsAt - this.#now()) });
      if (result.kind === "error" || result.status !== 401) return result;
      this.#tokens.drop(auth, outcome.token);
      if (!outcome.cached) return result;
    }
  }
}

/**
 * The headers of every kind of credentials that needs no request of its own.
 *
 * @param seconds Seconds since the epoch, for signatures.
 * @returns Flat name, value list.
 * @throws {EgressConfigError} `invalid_auth`.
 */
export function authHeaders(
  auth: Exclude<EndpointAuth, OAuth2Auth>,
  body: Uint8Array | null,
  seconds: number,
): string[] {
  switch (auth.type) {
    case "basic":
      // RFC 7617 section 2: the first colon ends the user name.
      if (auth.user.includes(":"))
        throw new EgressConfigError("invalid_auth", "user", "A user name of Basic holds no colon.");
      return ["authorization", `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`];
    case "bearer":
      return ["authorization", `Bearer ${auth.token}`];
    case "header":
      return [auth.name, auth.value];
    case "hmac":
      return hmacHeaders(auth, body, seconds);
  }
}
