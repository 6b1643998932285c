import { parseAllowList } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { authHeaders } from "./auth/auth.ts";
import type { EndpointAuth } from "./auth/auth.ts";
import { parseProxy } from "./connect/proxy.ts";
import { tlsProfile } from "./connect/tls.ts";
import { EgressConfigError, EgressError } from "./errors.ts";
import { prepareHeaders } from "./headers.ts";
import type { EgressProxy, EgressTls } from "./types.ts";

/**
 * Reads a deny list: CIDRs and host words, as in {@link parseAllowList}.
 *
 * @throws {EgressConfigError} `invalid_allow_word`, also for the words that only allow.
 */
export function parseDenyList(text: string): AddressRules {
  const rules = parseAllowList(text);
  const word = (["external", "private", "loopback"] as const).find((name) => rules[name]);
  if (word === undefined) return rules;
  throw new EgressConfigError(
    "invalid_allow_word",
    word,
    `"${word}" is no word of a deny list: use an address, a CIDR, a host name or *.suffix.`,
  );
}

/** @throws {EgressConfigError} `invalid_proxy` when the proxy could not be used. The message never holds its password. */
export function checkProxy(proxy: EgressProxy): void {
  parseProxy(proxy);
}

/** @throws {EgressConfigError} `invalid_option` when CA, certificate, key or pins could not be used. */
export function checkTls(tls: EgressTls): void {
  asConfigError("invalid_option", "tls", () => tlsProfile(tls));
}

/**
 * The token URL of OAuth 2 is held to the URL rules by `Egress.validateUrl`, not here.
 *
 * @throws {EgressConfigError} `invalid_auth` when the credentials could not be sent.
 */
export function checkAuth(auth: EndpointAuth): void {
  if (auth.type === "oauth2") return;
  asConfigError("invalid_auth", "auth", () => prepareHeaders(authHeaders(auth, null, 0)));
}

/** For the moment a setting is saved: what would fail each request is a setting that cannot be used. */
function asConfigError(code: "invalid_option" | "invalid_auth", word: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (error instanceof EgressError) throw new EgressConfigError(code, word, `${error.message} (${error.detail})`);
    throw error;
  }
}
