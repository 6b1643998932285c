/** Forwards an inbound request: body and headers unchanged, with Posthorn's signature in addition to the provider's. */
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { hopCountOf, HOPS_HEADER } from "../../domain/message/hop-count.ts";
import { type InboundOrigin, type OpenedRequest, openRequest } from "../../domain/message/request.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import type { HeaderFamily } from "./request.ts";

/** A forwarded request, complete except for Posthorn's signature. */
export interface ForwardedRequest {
  readonly method: string;
  readonly url: string;
  /** `url` without credentials. */
  readonly shownUrl: string;
  /** Names and values alternate. */
  readonly headers: readonly string[];
  /** `headers` with `null` in place of credentials. */
  readonly masked: readonly (string | null)[];
  /** Header names of the signature, without those that the provider used itself. */
  readonly families: readonly HeaderFamily[];
  readonly userAgent: string;
}

/** Headers for this hop only (RFC 9110, section 7.6.1), and headers that the next hop sets itself. */
const HOP_HEADERS: ReadonlySet<string> = new Set(
  (
    "accept-encoding connection content-length expect host keep-alive proxy-authenticate proxy-authorization proxy-connection te " +
    "trailer transfer-encoding upgrade"
  ).split(" "),
);
/** Headers that describe the bytes of the body. */
const BODY_HEADERS = ["content-type", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest"];
/** Reserved for Posthorn: an inbound header with this prefix is forged. */
const OWN_PREFIX = "x-posthorn-";

export interface ForwardOptions {
  /** Public ID. */
  readonly messageId: string;
  readonly endpoint: DirectoryEndpoint;
  readonly requestJson: string;
  readonly families: readonly HeaderFamily[];
  readonly userAgent: string;
  readonly secretBox: SecretBox;
  /** Headers of the request that a transformation built, with a new body; `null`: the request is forwarded unchanged. */
  readonly changed: readonly string[] | null;
}

export function forwardedRequest({
  messageId,
  endpoint,
  requestJson,
  families,
  userAgent,
  secretBox,
  changed,
}: ForwardOptions): ForwardedRequest {
  const request = openRequest(requestJson, secretBox, sealedIn("message.request_json", messageId));
  const { method, path, query } = endpoint.forward;
  const passed = passedHeaders(request, droppedNames(endpoint, request.headers, changed));
  const { headers, taken, hasUserAgent } = passed;
  const facts = factHeaders(request.origin);
  facts.push(HOPS_HEADER, String(passed.hops + 1));
  const own = changed === null ? endpoint.maskedHeaders : endpoint.masked(changed);
  // One list for both if nothing is hidden.
  const masked =
    passed.masked === null && own.length === 0 ? headers : [...(passed.masked ?? headers), ...facts, ...own];
  headers.push(...facts, ...(changed ?? endpoint.headers));
  const free = taken === null ? families : families.filter((family) => !taken.has(family));
  const url = targetUrl(endpoint.url, path ? request.path : "", query ? request.query : "");
  const isHidden = (path && request.hidesPath) || (query && request.hidesQuery);
  return {
    method: method ? request.method : "POST",
    url,
    shownUrl: isHidden ? endpoint.url : url,
    headers,
    masked,
    families: free.length === 0 ? ["x-posthorn"] : free,
    userAgent: hasUserAgent ? "" : userAgent,
  };
}

interface PassedHeaders {
  readonly headers: string[];
  /** `headers` with `null` in place of credentials; `null`: there are none. */
  readonly masked: readonly (string | null)[] | null;
  /** Signatures for which the provider uses the same header names as Posthorn; `null`: none. */
  readonly taken: ReadonlySet<HeaderFamily> | null;
  readonly hasUserAgent: boolean;
  /** How often the request had been forwarded when it was received. */
  readonly hops: number;
}

function passedHeaders(request: OpenedRequest, dropped: ReadonlySet<string>): PassedHeaders {
  const headers: string[] = [];
  let masked: (string | null)[] | null = null;
  let taken: Set<HeaderFamily> | null = null;
  let hasUserAgent = false;
  let hops: number | null = null;
  for (let index = 0; index + 1 < request.headers.length; index += 2) {
    const name = request.headers[index]!;
    const value = request.headers[index + 1]!;
    const { lower, isPassed, family } = knownNames.get(name) ?? nameFactsOf(name);
    if (lower === HOPS_HEADER) hops ??= hopCountOf(value);
    if (!isPassed || dropped.has(lower)) continue;
    const shown = request.masked[index + 1]!;
    if (shown === null) masked ??= headers.slice();
    headers.push(name, value);
    masked?.push(name, shown);
    if (family !== null) (taken ??= new Set()).add(family);
    if (lower === "user-agent") hasUserAgent = true;
  }
  return { headers, masked, taken, hasUserAgent, hops: hops ?? 0 };
}

interface NameFacts {
  readonly lower: string;
  /** Whether such headers can be forwarded. */
  readonly isPassed: boolean;
  /** The signature to which a header of this name belongs; `null`: none. */
  readonly family: HeaderFamily | null;
}

/** By name as it was sent. Providers send the same few names again and again. */
const knownNames = new Map<string, NameFacts>();
const MAX_KNOWN_NAMES = 2000;
const SIGNATURE_NAME = /^(webhook|svix|x-posthorn)-(?:id|timestamp|signature)$/;

function nameFactsOf(name: string): NameFacts {
  const lower = name.toLowerCase();
  const facts = {
    lower,
    isPassed: !HOP_HEADERS.has(lower) && !lower.startsWith(OWN_PREFIX),
    family: (SIGNATURE_NAME.exec(lower)?.[1] as HeaderFamily | undefined) ?? null,
  };
  if (knownNames.size >= MAX_KNOWN_NAMES) knownNames.clear();
  if (name.length <= 256) knownNames.set(name, facts);
  return facts;
}

/** Headers that are not forwarded: connection headers, headers that Posthorn sets, and headers that describe a body that was replaced. */
function droppedNames(
  endpoint: DirectoryEndpoint,
  headers: readonly string[],
  changed: readonly string[] | null,
): ReadonlySet<string> {
  const ofConnection = connectionNames(headers);
  if (changed === null && ofConnection.length === 0) return endpoint.headerNames;
  const names = new Set([...endpoint.headerNames, ...ofConnection]);
  if (changed === null) return names;
  for (const name of BODY_HEADERS) names.add(name);
  for (let index = 0; index < changed.length; index += 2) names.add(changed[index]!.toLowerCase());
  return names;
}

/** Headers that `Connection` names, apart from those that are never forwarded. */
function connectionNames(headers: readonly string[]): readonly string[] {
  let names: string[] | null = null;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!;
    if (name.length !== "connection".length || name.toLowerCase() !== "connection") continue;
    const value = headers[index + 1]!;
    // The most common value, for which nothing has to be split.
    if (value === "keep-alive") continue;
    for (const text of value.split(",")) {
      const named = text.trim().toLowerCase();
      if (!HOP_HEADERS.has(named)) (names ??= []).push(named);
    }
  }
  return names ?? NO_NAMES;
}

const NO_NAMES: readonly string[] = [];

/** Headers with the result of the verification, under the same names for every provider. */
function factHeaders({ provider, trust, deliveryId, occurredAt }: InboundOrigin): string[] {
  const headers = ["x-posthorn-provider", provider, "x-posthorn-trust", trust];
  if (deliveryId !== null) headers.push("x-posthorn-delivery-id", headerText(deliveryId));
  if (occurredAt !== null) headers.push("x-posthorn-occurred-at", new Date(occurredAt).toISOString());
  return headers;
}

/** A text from the provider, encoded as a header value. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (sign) => encodeURIComponent(sign.isWellFormed() ? sign : "\ufffd"));
}

/** The URL of an endpoint, with the path and query that followed the token of the source. */
function targetUrl(url: string, path: string, query: string): string {
  if (path === "" && query === "") return url;
  const mark = url.indexOf("?");
  const base = mark === -1 ? url : url.slice(0, mark);
  const own = mark === -1 ? "" : url.slice(mark + 1);
  const joined = path === "" ? base : `${base.replace(/\/$/, "")}${path}`;
  const all = [own, query].filter((part) => part !== "").join("&");
  return all === "" ? joined : `${joined}?${all}`;
}
