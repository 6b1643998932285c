/** How an inbound message came in, as it is stored beside its body. */
import type { DocumentFacts } from "../../filter/document.ts";
import type { SecretBox } from "../../lib/secret-box.ts";
import { isSecretHeader } from "../secret-headers.ts";

export type RequestFacts = Pick<DocumentFacts, "method" | "path" | "query" | "headers">;

/** What verification found, the same for every provider. */
export interface InboundOrigin {
  /** Id of the catalogue, or `generic`. */
  readonly provider: string;
  readonly scheme: string;
  /** How far the sender is verified: see `Trust` of `@posthorn/webhooks`. `released`: released from the quarantine. */
  readonly trust: "signed" | "shared-secret" | "none" | "released";
  /** The provider's own id of the delivery. */
  readonly deliveryId: string | null;
  /** When it happened as the provider says, Unix milliseconds. */
  readonly occurredAt: number | null;
}

/** A request as it came, beside its body. */
export interface InboundRequest {
  readonly method: string;
  /** What follows the token in the path: empty, or with a slash in front. */
  readonly path: string;
  /** Without its question mark. */
  readonly query: string;
  /** Names and values in turn, in the case and order of the wire. */
  readonly headers: readonly string[];
  /** Address of who sent it. */
  readonly address: string;
  readonly origin: InboundOrigin;
}

/** Which parts of a request are credentials: names of headers in lower case, the query, and what followed the token in the path. */
export interface Credentials {
  readonly headers: ReadonlySet<string>;
  readonly query: boolean;
  readonly path: boolean;
}

/** As {@link InboundRequest}; `null` stands in place of what is sealed. */
interface StoredRequest {
  readonly method: string;
  readonly path: string | null;
  readonly query: string | null;
  readonly headers: readonly (string | null)[];
  readonly address: string;
  readonly origin: InboundOrigin;
  /** What stands for the nulls in turn, as base64 of bytes sealed by the secretBox. */
  readonly sealed?: string;
}

/** The text that is stored. Credentials in it are sealed. */
export function encodeRequest(
  request: InboundRequest,
  { headers, query, path }: Credentials,
  secretBox: SecretBox,
): string {
  const secrets: string[] = [];
  const kept = request.headers.map((text, index) => {
    if (index % 2 === 0) return text;
    const name = request.headers[index - 1]!.toLowerCase();
    if (!headers.has(name) && !isSecretHeader(name, text)) return text;
    secrets.push(text);
    return null;
  });
  const hideQuery = query && request.query !== "";
  if (hideQuery) secrets.push(request.query);
  const hidePath = path && request.path !== "";
  if (hidePath) secrets.push(request.path);
  const stored: StoredRequest = {
    method: request.method,
    path: hidePath ? null : request.path,
    query: hideQuery ? null : request.query,
    headers: kept,
    address: request.address,
    origin: request.origin,
    ...(secrets.length === 0
      ? {}
      : { sealed: Buffer.from(secretBox.seal(JSON.stringify(secrets))).toString("base64") }),
  };
  return JSON.stringify(stored);
}

/** A stored request with its credentials, and which parts of it these are. */
export interface OpenedRequest extends InboundRequest {
  readonly hidden: {
    /** By the places of `headers`. */
    readonly headers: readonly boolean[];
    readonly query: boolean;
    readonly path: boolean;
  };
}

/** The whole request, to be passed on. */
export function openRequest(json: string, secretBox: SecretBox): OpenedRequest {
  const { sealed, headers, query, path, ...rest } = JSON.parse(json) as StoredRequest;
  const hidden = {
    headers: hiddenHeaders(headers).map((text) => text === null),
    query: query === null,
    path: path === null,
  };
  if (sealed === undefined)
    return { ...rest, headers: headers as readonly string[], query: query!, path: path!, hidden };
  const secrets = JSON.parse(secretBox.open(Buffer.from(sealed, "base64"))) as string[];
  let next = 0;
  const opened = headers.map((text) => text ?? secrets[next++]!);
  return { ...rest, headers: opened, query: query ?? secrets[next++]!, path: path ?? secrets[next]!, hidden };
}

/** What stands in place of a credential where requests are shown. */
export const HIDDEN = "***";

/** The request to be shown, with its credentials hidden. */
export function shownRequest(json: string): InboundRequest {
  const { sealed: _sealed, headers, query, path, ...rest } = JSON.parse(json) as StoredRequest;
  const shown = hiddenHeaders(headers).map((text) => text ?? HIDDEN);
  return { ...rest, headers: shown, query: query ?? HIDDEN, path: path ?? `/${HIDDEN}` };
}

/** The parts of a stored request that filters and transformations see: its credentials are not among them. */
export function requestOf(json: string): RequestFacts {
  const { method, path, query, headers } = JSON.parse(json) as StoredRequest;
  return { method, path: path ?? "", query: queryFacts(query ?? ""), headers: headerFacts(hiddenHeaders(headers)) };
}

/** Requests that were stored under a shorter list of secret headers have values in the clear that are not shown. */
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
  // Defined, not set: a name such as __proto__ is a name like any other.
  Object.defineProperty(facts, name, { value: joined, enumerable: true, configurable: true, writable: true });
}
