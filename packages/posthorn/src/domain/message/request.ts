/** Stored form of an inbound request. Its body is stored separately, as the payload of the message. */
import type { DocumentFacts } from "../../filter/document.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { isSecretHeader } from "../secret-headers.ts";
import { hopCountIn, HOPS_HEADER } from "./hop-count.ts";

export type RequestFacts = Pick<DocumentFacts, "method" | "path" | "query" | "headers">;

/** Result of the verification, in the same form for every provider. */
export interface InboundOrigin {
  /** Provider id, or `generic`. */
  readonly provider: string;
  readonly scheme: string;
  /** Level of verification of the sender: see `Trust` of `@posthorn/webhooks`. `released`: released from the quarantine. */
  readonly trust: "signed" | "shared-secret" | "none" | "released";
  /** The provider's id of the delivery. */
  readonly deliveryId: string | null;
  /** Time of the event according to the provider, in Unix milliseconds. */
  readonly occurredAt: number | null;
}

/** An inbound request as received, without its body. */
export interface InboundRequest {
  readonly method: string;
  /** Path after the token: empty, or with a leading slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Alternating names and values, in the case and order received. */
  readonly headers: readonly string[];
  /** Address of the sender. */
  readonly address: string;
  readonly origin: InboundOrigin;
}

/** Parts of a request that are credentials: lower-case header names, the query, and the path after the token. */
export interface Credentials {
  readonly headers: ReadonlySet<string>;
  readonly query: boolean;
  readonly path: boolean;
}

/** Stored {@link InboundRequest}; `null` replaces sealed parts. */
interface StoredRequest {
  readonly method: string;
  readonly path: string | null;
  readonly query: string | null;
  readonly headers: readonly (string | null)[];
  readonly address: string;
  readonly origin: InboundOrigin;
  /** Values of the nulls in order, sealed by the `SecretBox`, as base64. */
  readonly sealed?: string;
}

/**
 * Serializes a request for storage, with its credentials sealed.
 *
 * @param place Where it will be stored: see `sealedIn`.
 */
export function encodeRequest(
  request: InboundRequest,
  { headers: names, query, path }: Credentials,
  secretBox: SecretBox,
  place: string,
): EncodedRequest {
  const { method, headers, address, origin } = request;
  const secrets: string[] = [];
  const masked: (string | null)[] = headers.slice();
  for (let index = 1; index < headers.length; index += 2) {
    const name = headers[index - 1]!;
    const value = headers[index]!;
    if (!isSecretHeader(name, value) && (names.size === 0 || !names.has(name.toLowerCase()))) continue;
    secrets.push(value);
    masked[index] = null;
  }
  const hidesQuery = query && request.query !== "";
  if (hidesQuery) secrets.push(request.query);
  const hidesPath = path && request.path !== "";
  if (hidesPath) secrets.push(request.path);
  const stored: StoredRequest = {
    method,
    path: hidesPath ? null : request.path,
    query: hidesQuery ? null : request.query,
    headers: masked,
    address,
    origin,
    ...(secrets.length === 0
      ? {}
      : { sealed: Buffer.from(secretBox.seal(JSON.stringify(secrets), place)).toString("base64") }),
  };
  return { json: JSON.stringify(stored), opened: { ...request, masked, hidesQuery, hidesPath } };
}

export interface EncodedRequest {
  readonly json: string;
  /** What `openRequest` returns for `json`. */
  readonly opened: OpenedRequest;
}

/** A stored request with its credentials, and which parts are credentials. */
export interface OpenedRequest extends InboundRequest {
  /** `headers` with `null` in place of credentials. */
  readonly masked: readonly (string | null)[];
  readonly hidesQuery: boolean;
  readonly hidesPath: boolean;
}

interface KeptOpen extends EncodedRequest {
  /** How often it will still be opened. */
  opens: number;
}

/** Requests by place. */
const keptOpen = new Map<string, KeptOpen>();
/** There are more only while endpoints do not keep up. The others are opened from their stored form. */
const MAX_KEPT_OPEN = 256;

/**
 * Keeps a request that was just stored until it has been opened a number of times. Most are forwarded within milliseconds, for which they
 * would be parsed and decrypted again.
 */
export function keepOpen(place: string, { json, opened }: EncodedRequest, opens: number): void {
  if (opens === 0) return;
  if (keptOpen.size >= MAX_KEPT_OPEN) keptOpen.clear();
  keptOpen.set(place, { json, opened, opens });
}

/** Opens a stored request with its credentials, to forward it. @param place Where it is stored. */
export function openRequest(json: string, secretBox: SecretBox, place: string): OpenedRequest {
  const kept = keptOpen.get(place);
  if (kept === undefined) return decode(json, secretBox, place);
  kept.opens--;
  if (kept.opens === 0) keptOpen.delete(place);
  return kept.json === json ? kept.opened : decode(json, secretBox, place);
}

function decode(json: string, secretBox: SecretBox, place: string): OpenedRequest {
  const { sealed, headers, query, path, ...rest } = JSON.parse(json) as StoredRequest;
  const masked = hiddenHeaders(headers);
  const hides = { masked, hidesQuery: query === null, hidesPath: path === null };
  if (sealed === undefined)
    return { ...rest, headers: headers as readonly string[], query: query!, path: path!, ...hides };
  const secrets = JSON.parse(secretBox.open(Buffer.from(sealed, "base64"), place)) as string[];
  let next = 0;
  const all = headers.map((text) => text ?? secrets[next++]!);
  return { ...rest, headers: all, query: query ?? secrets[next++]!, path: path ?? secrets[next]!, ...hides };
}

const NAMES_HOPS = new RegExp(HOPS_HEADER, "i");

/** How often a stored request had been forwarded when it was received. */
export function hopsOfRequest(json: string): number {
  return NAMES_HOPS.test(json) ? hopCountIn((JSON.parse(json) as StoredRequest).headers) : 0;
}

/** Replaces credentials where requests are shown. */
export const HIDDEN = "***";

/** A stored request with its credentials hidden, for display. */
export function shownRequest(json: string): InboundRequest {
  const { sealed: _sealed, headers, query, path, ...rest } = JSON.parse(json) as StoredRequest;
  const shown = hiddenHeaders(headers).map((text) => text ?? HIDDEN);
  return { ...rest, headers: shown, query: query ?? HIDDEN, path: path ?? `/${HIDDEN}` };
}

/** Parts of a stored request that filters and transformations can use. Credentials are not included. */
export function requestOf(json: string): RequestFacts {
  const { method, path, query, headers } = JSON.parse(json) as StoredRequest;
  return { method, path: path ?? "", query: queryFacts(query ?? ""), headers: headerFacts(hiddenHeaders(headers)) };
}

/** Hides secret headers that older versions, with a shorter list of secret headers, stored unsealed. */
function hiddenHeaders(headers: readonly (string | null)[]): readonly (string | null)[] {
  return headers.map((text, index) => {
    const isValue = index % 2 === 1 && text !== null;
    return isValue && isSecretHeader(String(headers[index - 1]), text) ? null : text;
  });
}

function queryFacts(query: string): NonNullable<RequestFacts["query"]> {
  const facts: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) add(facts, name, value);
  return facts;
}

function headerFacts(headers: readonly (string | null)[]): NonNullable<RequestFacts["headers"]> {
  const facts: Record<string, string | string[]> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const value = headers[index + 1];
    if (typeof value === "string") add(facts, headers[index]!.toLowerCase(), value);
  }
  return facts;
}

function add(facts: Record<string, string | string[]>, name: string, value: string): void {
  const before = Object.hasOwn(facts, name) ? facts[name] : undefined;
  const joined = before === undefined ? value : [before, value].flat();
  // `defineProperty`, because an assignment to `__proto__` would not create a property.
  Object.defineProperty(facts, name, { value: joined, enumerable: true, configurable: true, writable: true });
}
