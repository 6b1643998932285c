/**
 * The wire format of MCP over HTTP, for both generations of the protocol: 2026-07-28, in which each request describes itself, and those
 * before it, which begin with `initialize`. Posthorn keeps no sessions in either.
 */
import { VERSION } from "../../lib/version.ts";

export const CURRENT_VERSION = "2026-07-28";
/** Versions that begin with `initialize`, the newest first. */
export const EARLIER_VERSIONS = ["2025-11-25", "2025-06-18"] as const;
export const SUPPORTED_VERSIONS: readonly string[] = [CURRENT_VERSION, ...EARLIER_VERSIONS];

export const META = {
  version: "io.modelcontextprotocol/protocolVersion",
  capabilities: "io.modelcontextprotocol/clientCapabilities",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscription: "io.modelcontextprotocol/subscriptionId",
} as const;

/** How the server introduces itself to clients. */
export interface ServerInfo {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

const OWN_INFO: ServerInfo = { name: "posthorn", title: "Posthorn", version: VERSION };

/**
 * Clients of a customer see the name of the operator's product, or a neutral one.
 *
 * @param app `null`: the client is one of the organisation.
 */
export function serverInfo(app: string | null, product: string | null): ServerInfo {
  return app === null ? OWN_INFO : { name: "webhooks", title: product ?? "Webhooks", version: VERSION };
}

/** Error codes of JSON-RPC, of MCP and of its Events extension. */
export const CODE = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  header: -32_020,
  version: -32_022,
  notFound: -32_011,
  forbidden: -32_012,
  exhausted: -32_013,
  unsupported: -32_014,
  callback: -32_015,
} as const;

export type RequestId = string | number;
export type Params = Readonly<Record<string, unknown>>;

/** A request, or a notification, which has no ID. */
export interface Message {
  readonly id: RequestId | null;
  readonly method: string;
  readonly params: Params;
  /** Whether it describes itself, as requests of the current version do. */
  readonly isCurrent: boolean;
}

/** Error that ends a request. `status` is that of the HTTP response. */
export class RpcError extends Error {
  override readonly name: string = "RpcError";
  readonly code: number;
  readonly data: object | undefined;
  readonly status: number;

  constructor(code: number, message: string, { data, status = 200 }: { data?: object; status?: number } = {}) {
    super(message);
    this.code = code;
    this.data = data;
    this.status = status;
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Reads a message; throws {@link RpcError}. Responses of clients are refused, since Posthorn sends no requests. */
export function readMessage(body: unknown, headers: Headers): Message {
  if (Array.isArray(body)) {
    throw new RpcError(CODE.request, "Send one message per request: batches are not part of the protocol.", {
      status: 400,
    });
  }
  const { jsonrpc, id, method, params = {} } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const hasId = typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id));
  if (jsonrpc !== "2.0" || typeof method !== "string" || (id !== undefined && !hasId)) {
    throw new RpcError(CODE.request, "Not a JSON-RPC 2.0 request.", { status: 400 });
  }
  if (!isRecord(params)) throw new RpcError(CODE.params, "`params` must be an object.", { status: 400 });
  const message = { id: hasId ? id : null, method, params };
  const stated = metaOf(params)[META.version];
  const header = headers["mcp-protocol-version"];
  const isCurrent =
    stated !== undefined || (typeof header === "string" && !isEarlier(header) && method !== "initialize");
  if (isCurrent) checkDescription(message, headers);
  else if (header !== undefined && method !== "initialize" && !isEarlier(header)) throw unsupportedVersion(header);
  return { ...message, isCurrent };
}

function isEarlier(version: unknown): boolean {
  return (EARLIER_VERSIONS as readonly unknown[]).includes(version);
}

export function isRecord(value: unknown): value is Params {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function metaOf(params: Params): Params {
  return isRecord(params["_meta"]) ? params["_meta"] : {};
}

/** Headers that repeat a part of the message must be equal to it: proxies decide by them. */
function checkDescription({ id, method, params }: Omit<Message, "isCurrent">, headers: Headers): void {
  const meta = metaOf(params);
  const stated = meta[META.version];
  const header = headers["mcp-protocol-version"];
  if (typeof stated !== "string" && header !== undefined && header !== CURRENT_VERSION)
    throw unsupportedVersion(header);
  if (typeof stated !== "string") throw missing(`params._meta["${META.version}"]`);
  if (header !== stated) throw mismatch("MCP-Protocol-Version", stated);
  if (stated !== CURRENT_VERSION) throw unsupportedVersion(stated);
  if (headers["mcp-method"] !== method) throw mismatch("Mcp-Method", method);
  if (id !== null && !isRecord(meta[META.capabilities])) throw missing(`params._meta["${META.capabilities}"]`);
  if (method !== "tools/call") return;
  const name = params["name"];
  if (typeof name === "string" && decodedHeader(headers["mcp-name"]) !== name) throw mismatch("Mcp-Name", name);
}

const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** The value of a header that may be encoded, because it has characters that headers cannot have. */
function decodedHeader(value: string | string[] | undefined): string | undefined {
  if (typeof value !== "string") return undefined;
  const encoded = ENCODED.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, "base64").toString("utf8");
}

function missing(what: string): RpcError {
  return new RpcError(CODE.params, `${what} is missing.`, { status: 400 });
}

function mismatch(header: string, expected: string): RpcError {
  const message = `The header ${header} must be "${expected}", as in the body of the request.`;
  return new RpcError(CODE.header, message, { data: { header }, status: 400 });
}

function unsupportedVersion(requested: unknown): RpcError {
  const message = `This server has no protocol version ${String(requested)}.`;
  return new RpcError(CODE.version, message, { data: { supported: SUPPORTED_VERSIONS, requested }, status: 400 });
}

/** A result in the format of the request's protocol version. */
export function resultText({ id, isCurrent }: Message, result: object, info: ServerInfo): string {
  const meta = { ...metaOf(result as Params), [META.serverInfo]: info };
  const body = isCurrent ? { resultType: "complete", ...result, _meta: meta } : result;
  return JSON.stringify({ jsonrpc: "2.0", id, result: body });
}

/** @param id `null`: the request could not be read, and the error has no ID. */
export function errorText(
  id: RequestId | null,
  { code, message, data }: Pick<RpcError, "code" | "message" | "data">,
): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    ...(id === null ? {} : { id }),
    error: { code, message, ...(data === undefined ? {} : { data }) },
  });
}
