/** Sends a request to an endpoint with its address rules, credentials, TLS settings and proxy. */
import {
  type AddressRules,
  AuthSender,
  type Egress,
  type EgressFailure,
  type EgressRequest,
  type EgressResult,
  parseAllowList,
} from "@posthorn/egress";
import { boundedCache } from "../../lib/bounded-cache.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";

export class EndpointSender {
  readonly #egress: Pick<Egress, "send">;
  /** Caches OAuth 2 tokens. */
  readonly #auth: AuthSender;
  /** Parsed address rules of applications, by their text. */
  readonly #rules = boundedCache<string, AddressRules>(10_000);

  constructor(egress: Pick<Egress, "send">) {
    this.#egress = egress;
    this.#auth = new AuthSender(egress);
  }

  /** Never rejects. */
  send(endpoint: DirectoryEndpoint, plain: EgressRequest): Promise<EgressResult> {
    const { auth, tls, proxy } = endpoint.egress;
    const isPlain = endpoint.egressAllow === null && tls === undefined && proxy === undefined && auth === undefined;
    if (isPlain) return this.#egress.send(plain);
    const request: EgressRequest = {
      ...plain,
      ...(endpoint.egressAllow === null ? {} : { allow: this.#rulesOf(endpoint.egressAllow) }),
      ...(tls === undefined ? {} : { tls }),
      ...(proxy === undefined ? {} : { proxy }),
    };
    return auth === undefined ? this.#egress.send(request) : this.#auth.send(request, auth);
  }

  #rulesOf(text: string): AddressRules {
    let rules = this.#rules.get(text);
    if (rules === undefined) {
      rules = parseAllowList(text);
      this.#rules.set(text, rules);
    }
    return rules;
  }
}

const PROXY_SENTENCES = {
  endpoint: {
    proxy_failed: "The proxy of this endpoint failed. Check the proxy, or set another one for the endpoint.",
    proxy_denied: "The proxy of this endpoint does not allow this target. Allow the target in the proxy.",
    blocked_proxy:
      "The proxy of this endpoint is at a blocked address. Use a proxy that is reachable on the public internet, or ask the operator.",
  },
  application: {
    proxy_failed: "The proxy of this application failed. Check the proxy, or set another one for the application.",
    proxy_denied: "The proxy of this application does not allow this target. Allow the target in the proxy.",
    blocked_proxy:
      "The proxy of this application is at a blocked address. Use a proxy that is reachable on the public internet, or ask the operator.",
  },
} as const;

/**
 * Names the proxy that failed, if it is that of the endpoint or of its application. For the platform's proxy, the message of the HTTP
 * client stays.
 */
export function namingProxy(result: EgressFailure, proxyOf: DirectoryEndpoint["proxyOf"]): EgressFailure {
  const { code } = result;
  if (proxyOf === null) return result;
  if (code !== "proxy_failed" && code !== "proxy_denied" && code !== "blocked_proxy") return result;
  return { ...result, message: PROXY_SENTENCES[proxyOf][code] };
}
