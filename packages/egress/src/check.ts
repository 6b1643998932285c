import { parseAllowList } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { authHeaders } from "./auth/auth.ts";
import type { EndpointAuth } from "./auth/auth.ts";
import { parseProxy } from "./connect/proxy.ts";
import { tlsProfile } from "./connect/tls.ts";
import { EgressConfigError, EgressError } from "./errors.ts";
import { prepareHeaders } from "./request-head.ts";
import type { EgressProxy, EgressTls } from "./types.ts";

/**
 * Parses a deny list: networks, addresses and host words, as in {@link parseAllowList}.
 *
 * @param text The list, separated by commas or spaces.
 * @returns Rules for the `deny` option.
 * @throws {EgressConfigError} `invalid_allow_word`, also for `external`, `private` and `loopback`, which can only
 *   allow.
 *
 * @example
 *
 * ```ts
 * import { Egress, parseDenyList } from "@posthorn/egress";
 *
 * await using egress = new Egress({ deny: parseDenyList("203.0.113.0/24 *.internal.example.com") });
 * const result = await egress.check("https://203.0.113.7/");
 * console.log(result.allowed ? "allowed" : result.code); // blocked_address
 * ```
 */
export function parseDenyList(text: string): AddressRules {
  const rules = parseAllowList(text);
  const word = (["external", "private", "loopback"] as const).find((name) => rules[name]);
  if (word === undefined) return rules;
  throw new EgressConfigError(
    "invalid_allow_word",
    word,
    `"${word}" is not a valid deny-list entry: use an address, a CIDR, a host name or *.suffix.`,
  );
}

/**
 * Checks that a proxy setting is usable, for when it is saved.
 *
 * @param proxy The setting.
 * @throws {EgressConfigError} `invalid_proxy`. The message never contains the password.
 *
 * @example
 *
 * ```ts
 * import { checkProxy } from "@posthorn/egress";
 *
 * checkProxy({ url: "http://user:password@proxy.example.com:3128" });
 * ```
 */
export function checkProxy(proxy: EgressProxy): void {
  parseProxy(proxy);
}

/**
 * Checks that CA, certificate, key and pins are usable, for when they are saved.
 *
 * @param tls The settings.
 * @throws {EgressConfigError} `invalid_option`, with the cause in the message.
 *
 * @example
 *
 * ```ts
 * import { checkTls, EgressConfigError } from "@posthorn/egress";
 *
 * try {
 *   checkTls({ ca: "not a certificate" });
 * } catch (error) {
 *   console.log(error instanceof EgressConfigError && error.code); // invalid_option
 * }
 * ```
 */
export function checkTls(tls: EgressTls): void {
  asConfigError("invalid_option", "tls", () => tlsProfile(tls));
}

/**
 * Checks that credentials can be sent, for when they are saved. {@link Egress.validateUrl} checks the token URL of
 * OAuth 2.
 *
 * @param auth The credentials.
 * @throws {EgressConfigError} `invalid_auth`, with the cause in the message.
 *
 * @example
 *
 * ```ts
 * import { checkAuth, EgressConfigError } from "@posthorn/egress";
 *
 * try {
 *   checkAuth({ type: "header", name: "host", value: "example.com" });
 * } catch (error) {
 *   console.log(error instanceof EgressConfigError && error.code); // invalid_auth
 * }
 * ```
 */
export function checkAuth(auth: EndpointAuth): void {
  if (auth.type === "oauth2") return;
  asConfigError("invalid_auth", "auth", () => prepareHeaders(authHeaders(auth, null, 0)));
}

/** Converts an error that every request would hit into an error about the setting. */
function asConfigError(code: "invalid_option" | "invalid_auth", word: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof EgressError) throw new EgressConfigError(code, word, `${error.message} (${error.detail})`);
    throw error;
  }
}
