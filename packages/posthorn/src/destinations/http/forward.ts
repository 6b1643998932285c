/** Forwards an inbound request: body and headers unchanged, with Posthorn's signature in addition to the provider's. */
import type { DirectoryEndpoint } from "../../domain/directory-endpoint.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { hopCountIn, HOPS_HEADER } from "../../domain/message/hop-count.ts";
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
  const { hidden } = request;
  const { method, path, query } = endpoint.forward;
  const { kept, masked, names } = passedHeaders(request, droppedNames(endpoint, request.headers, changed));
  const facts = [...factHeaders(request.origin), HOPS_HEADER, String(hopCountIn(request.headers) + 1)];
  kept.push(...facts, ...(changed ?? endpoint.headers));
  masked.push(...facts, ...(changed === null ? endpoint.maskedHeaders : endpoint.masked(changed)));
  const free = isAnyTaken(families, names) ? families.filter((family) => !isTaken(family, names)) : families;
  const url = targetUrl(endpoint.url, path ? request.path : "", query ? request.query : "");
  const isHidden = (path && hidden.path) || (query && hidden.query);
  return {
    method: method ? request.method : "POST",
    url,
    shownUrl: isHidden ? endpoint.url : url,
    headers: kept,
    masked,
    families: free.length === 0 ? ["x-posthorn"] : free,
    userAgent: names.has("user-agent") ? "" : userAgent,
  };
}

interface PassedHeaders {
  readonly kept: string[];
  readonly masked: (string | null)[];
  /** In lower case. */
  readonly names: ReadonlySet<string>;
}

function passedHeaders({ headers, hidden }: OpenedRequest, dropped: ReadonlySet<string>): PassedHeaders {
  const kept: string[] = [];
  const masked: (string | null)[] = [];
  const names = new Set<string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase();
    if (HOP_HEADERS.has(name) || dropped.has(name) || name.startsWith(OWN_PREFIX)) continue;
    kept.push(headers[index]!, headers[index + 1]!);
    masked.push(headers[index]!, hidden.headers[index + 1] ? null : headers[index + 1]!);
    names.add(name);
  }
  return { kept, masked, names };
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

function connectionNames(headers: readonly string[]): string[] {
  const names: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!;
    if (name.length !== "connection".length || name.toLowerCase() !== "connection") continue;
    for (const named of headers[index + 1]!.split(",")) names.push(named.trim().toLowerCase());
  }
  return names;
}

function isAnyTaken(families: readonly HeaderFamily[], names: ReadonlySet<string>): boolean {
  for (const family of families) if (isTaken(family, names)) return true;
  return false;
}

function isTaken(family: HeaderFamily, names: ReadonlySet<string>): boolean {
  return names.has(`${family}-id`) || names.has(`${family}-timestamp`) || names.has(`${family}-signature`);
}

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
