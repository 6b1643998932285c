import type { Egress } from "../egress.ts";
import { EgressConfigError } from "../errors.ts";
import { failedEarly } from "../failure.ts";
import type { EgressRequest, EgressResult } from "../types.ts";
import { hmacHeaders } from "./hmac.ts";
import type { HmacAuth } from "./hmac.ts";
import { TokenCache } from "./oauth2.ts";
import type { OAuth2Auth, TokenOptions } from "./oauth2.ts";

/**
 * Credentials that a delivery presents to an endpoint, in addition to its signature: HTTP Basic (RFC 7617), a Bearer
 * token (RFC 6750), a custom header, an HMAC in a format that the receiver already knows, or OAuth 2 client
 * credentials.
 *
 * This package keeps secrets only in memory. Encrypting them at rest and never returning them is up to the program
 * that stores them.
 */
export type EndpointAuth =
  | { readonly type: "basic"; readonly user: string; readonly password: string }
  | { readonly type: "bearer"; readonly token: string }
  | { readonly type: "header"; readonly name: string; readonly value: string }
  | HmacAuth
  | OAuth2Auth;

/** Options of {@link AuthSender}. */
export interface AuthOptions extends TokenOptions {
  /** Current time in milliseconds since the Unix epoch, for signatures. Defaults to `Date.now`. */
  readonly wallClock?: () => number;
}

/**
 * Sends requests with the credentials of their endpoint, on top of an {@link Egress} that the caller owns. OAuth 2
 * tokens are cached and renewed.
 *
 * @example
 *
 * ```ts
 * import { AuthSender, Egress, parseAllowList } from "@posthorn/egress";
 * import { startLab } from "@posthorn/egress/lab";
 *
 * await using lab = await startLab();
 * await using egress = new Egress({ allow: parseAllowList("loopback") });
 * const sender = new AuthSender(egress);
 *
 * const request = { method: "POST", url: `${lab.url}/oauth/hook`, headers: [], body: null };
 * const auth = { type: "oauth2", tokenUrl: `${lab.url}/oauth/token`, clientId: "lab", clientSecret: "lab" } as const;
 * const result = await sender.send({ ...request, timeoutMs: 15_000, maxResponseBytes: 65_536 }, auth);
 * console.log(result.kind === "response" && result.status); // 200
 * ```
 */
export class AuthSender {
  readonly #egress: Pick<Egress, "send">;
  readonly #tokens: TokenCache;
  readonly #now: () => number;
  readonly #wallClock: () => number;

  /**
   * Creates a sender.
   *
   * @param egress Client that sends deliveries and token requests.
   * @param options Token cache and clocks.
   */
  constructor(egress: Pick<Egress, "send">, options: AuthOptions = {}) {
    this.#egress = egress;
    this.#tokens = new TokenCache(egress, options);
    this.#now = options.now ?? (() => performance.now());
    this.#wallClock = options.wallClock ?? Date.now;
  }

  /**
   * Like {@link Egress.send}, with credentials. With OAuth 2, `timeoutMs` also covers fetching the token, and after a
   * 401 for a cached token the request is sent once more with a fresh one.
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
 * Creates the headers for all kinds of credentials that need no separate request.
 *
 * @param auth Credentials other than OAuth 2.
 * @param body The exact bytes of the body; `null` for none.
 * @param seconds Current time in seconds since the Unix epoch, for signatures.
 * @returns Flat list: name, value, name, value …
 * @throws {EgressConfigError} `invalid_auth` when the credentials cannot be sent.
 * @see RFC 7617 (Basic), RFC 6750 (Bearer)
 *
 * @example
 *
 * ```ts
 * import { authHeaders } from "@posthorn/egress";
 *
 * const headers = authHeaders({ type: "basic", user: "posthorn", password: "hush" }, null, 0);
 * console.log(headers.join(": ")); // authorization: Basic cG9zdGhvcm46aHVzaA==
 * ```
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
        throw new EgressConfigError(
          "invalid_auth",
          "user",
          "A user name for Basic authentication must not contain a colon.",
        );
      return ["authorization", `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`];
    case "bearer":
      return ["authorization", `Bearer ${auth.token}`];
    case "header":
      return [auth.name, auth.value];
    case "hmac":
      return hmacHeaders(auth, body, seconds);
  }
}
