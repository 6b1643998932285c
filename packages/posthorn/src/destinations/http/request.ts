/** Requests to endpoints: their headers and signatures, and the client that sends them. */
import type { StandardFacts } from "../../domain/attempt/detail.ts";
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { VERSION } from "../../lib/version.ts";
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
import { WEBHOOK_KIND } from "../kinds.ts";
import { TRACE_NAMES, traceHeaders } from "../../lib/trace-context.ts";

/** User agent of requests to partners of the operator, such as identity providers. */
export const USER_AGENT = `Posthorn/${VERSION}`;

/** Default user agent of requests to customers. It does not name Posthorn, as the portal. */
export const DELIVERY_USER_AGENT = "Webhooks/1.0";

/** Prefix of the header names for ID, timestamp and signature. */
export type HeaderFamily = "webhook" | "svix" | "x-posthorn";

export interface DeliveryHeaders {
  readonly messageId: string;
  /** Unix milliseconds of this attempt. */
  readonly now: number;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly families: readonly HeaderFamily[];
  /** Empty if the other headers contain it. */
  readonly userAgent?: string;
}

/** The Standard Webhooks headers, signed with every active secret. Without ID and signature if another signature style replaces them. */
export function standardHeaders(
  endpoint: DirectoryEndpoint,
  { messageId, now, contentType, body, families, userAgent = DELIVERY_USER_AGENT }: DeliveryHeaders,
): StandardFacts {
  const timestamp = Math.floor(now / 1000);
  if (endpoint.requestSigner !== null && !endpoint.policy.values.signing.standardHeaders) {
    return { contentType, userAgent, families: [], timestamp, signature: "" };
  }
  const signature = endpoint.signer.signSync(messageId, timestamp, body);
  return { contentType, userAgent, families, timestamp, signature };
}

/** Constants, because a name that is put together for each request is copied and hashed each time it is looked up. */
const FAMILY_NAMES = {
  webhook: ["webhook-id", "webhook-timestamp", "webhook-signature"],
  svix: ["svix-id", "svix-timestamp", "svix-signature"],
  "x-posthorn": ["x-posthorn-id", "x-posthorn-timestamp", "x-posthorn-signature"],
} as const;

/** Flat list of names and values in the order they are sent: standard headers first, then others. Empty ones are omitted. */
export function flatHeaders(messageId: string, standard: StandardFacts, more: readonly string[]): string[] {
  const { contentType, userAgent, families, timestamp, signature } = standard;
  const headers: string[] = [];
  if (contentType !== "") headers.push("content-type", contentType);
  if (userAgent !== "") headers.push("user-agent", userAgent);
  for (const family of families) {
    const [id, time, sign] = FAMILY_NAMES[family as HeaderFamily];
    headers.push(id, messageId, time, String(timestamp), sign, signature);
  }
  for (const text of more) headers.push(text);
  return headers;
}

/** The headers of a request besides the standard ones. */
export interface OtherHeaders {
  readonly headers: readonly string[];
  /** `headers` with `null` in place of secrets. */
  readonly masked: readonly (string | null)[];
}

interface StyledRequest extends OtherHeaders {
  readonly messageId: string;
  readonly method: string;
  readonly url: string;
  readonly standard: StandardFacts;
  readonly body: Uint8Array;
}

/** Adds the signature that the policy asks for. It replaces a header of the endpoint or the provider with the same name. */
export async function signedHeaders(endpoint: DirectoryEndpoint, request: StyledRequest): Promise<OtherHeaders> {
  const sign = endpoint.requestSigner;
  if (sign === null) return request;
  const { messageId, method, url, standard, headers, masked, body } = request;
  const { timestamp } = standard;
  const added = await sign({ method, url, headers: flatHeaders(messageId, standard, headers), body, timestamp });
  const names = new Set(added.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
  return { headers: [...without(headers, names), ...added], masked: [...without(masked, names), ...added] };
}

function without<Value extends string | null>(headers: readonly Value[], names: ReadonlySet<string>): Value[] {
  return headers.filter((_, index) => !names.has((headers[index - (index % 2)] ?? "").toLowerCase()));
}

/** The headers with a trace context, which replaces that of a forwarded request. */
export function withTrace({ headers, masked }: OtherHeaders, trace: string): OtherHeaders {
  const added = traceHeaders(trace);
  return { headers: [...without(headers, TRACE_NAMES), ...added], masked: [...without(masked, TRACE_NAMES), ...added] };
}

type Client = Pick<Egress, "send">;

interface AuthorisedClient {
  readonly plain: Client;
  /** Caches OAuth 2 tokens. */
  readonly auth: AuthSender;
}

/** End of the URL of a source. Any other URL is not a capture. */
const SOURCE_URL = /\/in\/[0-9a-f]{40}$/;

/** Sends requests to an endpoint with its address rules, credentials, TLS settings and proxy. */
export class EndpointSender {
  readonly #open: AuthorisedClient;
  /** Client for captures of this server; `null` if they are ordinary targets. */
  readonly #captures: AuthorisedClient | null;
  /** Parsed address rules of applications, by their text. */
  readonly #rules = boundedCache<string, AddressRules>(10_000);

  constructor(egress: Client, captures: Client | null = null) {
    this.#open = { plain: egress, auth: new AuthSender(egress) };
    this.#captures = captures && { plain: captures, auth: new AuthSender(captures) };
  }

  /** Never rejects. */
  send(endpoint: DirectoryEndpoint, plain: EgressRequest): Promise<EgressResult> {
    const { auth, tls, proxy } = endpoint.egress;
    const isPlain = endpoint.egressAllow === null && tls === undefined && proxy === undefined && auth === undefined;
    const client = this.#clientOf(endpoint, plain.url);
    if (isPlain) return client.plain.send(plain);
    const request: EgressRequest = {
      ...plain,
      ...(endpoint.egressAllow === null ? {} : { allow: this.#rulesOf(endpoint.egressAllow) }),
      ...(tls === undefined ? {} : { tls }),
      ...(proxy === undefined ? {} : { proxy }),
    };
    return auth === undefined ? client.plain.send(request) : client.auth.send(request, auth);
  }

  /** Captures of this server receive webhooks without a connection. Other kinds, whose requests are for an API, go through the address rules. */
  #clientOf({ destinationKind }: DirectoryEndpoint, url: string): AuthorisedClient {
    const isToCapture = destinationKind === WEBHOOK_KIND && SOURCE_URL.test(url);
    return isToCapture ? (this.#captures ?? this.#open) : this.#open;
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
 * Names the proxy that failed, if it is that of the endpoint or of its application. For the platform's proxy, keeps the message of the HTTP
 * client.
 */
export function namingProxy(result: EgressFailure, proxyOf: DirectoryEndpoint["proxyOf"]): EgressFailure {
  const { code } = result;
  if (proxyOf === null) return result;
  if (code !== "proxy_failed" && code !== "proxy_denied" && code !== "blocked_proxy") return result;
  return { ...result, message: PROXY_SENTENCES[proxyOf][code] };
}
