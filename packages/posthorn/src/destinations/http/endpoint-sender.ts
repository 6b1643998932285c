/** Sends a request to an endpoint with its address rules, credentials, TLS settings and proxy. */
import {
  type AddressRules,
  AuthSender,
  type Egress,
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
