/** Calls of the MCP endpoint of Posthorn, on behalf of a client of another MCP server. */
import type { McpEventsContext, McpEventsOptions } from "./options.ts";

/** Where Posthorn is. */
export type CallOptions = Pick<McpEventsOptions<never>, "url" | "fetch" | "timeoutMs">;

/** A protocol error. The SDK returns its code, message and data to the client. */
export class McpEventsError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = "McpEventsError";
    this.code = code;
    this.data = data;
  }
}

const VERSION = "2026-07-28";
const UNAVAILABLE = -32_603;
/** How long Posthorn may take to respond, unless the options say otherwise. */
export const TIMEOUT_MS: number = 30_000;

/** A call of the MCP endpoint of an application. */
export interface Call {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** Calls Posthorn, and returns its result without the fields that this server adds itself. */
export async function forward(
  options: CallOptions,
  context: McpEventsContext,
  call: Call,
): Promise<Record<string, unknown>> {
  const { fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS } = options;
  const request = requestOf(options, context, call, AbortSignal.timeout(timeoutMs));
  try {
    const response = await fetch(request);
    return resultOf(response, await response.text());
  } catch (cause) {
    if (cause instanceof McpEventsError) throw cause;
    throw unavailable(request.signal.aborted ? "it did not respond in time" : "it cannot be reached", cause);
  }
}

/** The request of a call. */
export function requestOf(
  { url }: CallOptions,
  { application, token }: McpEventsContext,
  { method, params }: Call,
  signal: AbortSignal,
): Request {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return new Request(`${url.replace(/\/+$/, "")}/mcp/app/${encodeURIComponent(application)}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
    signal,
  });
}

/** The result in a response. Throws if the response contains an error instead. */
export function resultOf({ status }: Pick<Response, "status">, text: string): Record<string, unknown> {
  let body: Answer;
  try {
    body = parseExact(text) as Answer;
  } catch (cause) {
    throw unavailable(`it responded with status ${status}`, cause);
  }
  const { result, error } = body;
  if (error !== undefined) throw new McpEventsError(error.code, error.message, error.data);
  if (result === undefined) throw unavailable(`it responded with status ${status}`);
  // The server states its own name and version.
  const { _meta: _, resultType: __, ...own } = result;
  return own;
}

/** Shorter numbers are exact, or are written in the same way again. */
const LONG = /\d[\d.]{15}/;

/** Part of ECMAScript, but missing from the types that this package compiles with, and from Node.js 20. */
const json = JSON as unknown as {
  parse(
    text: string,
    revive: (name: string, value: unknown, context?: { readonly source?: string }) => unknown,
  ): unknown;
  readonly rawJSON?: (text: string) => object;
};

/** Parses JSON. Numbers that would lose digits become raw values, which `JSON.stringify` writes as they were. */
export function parseExact(text: string): unknown {
  const { rawJSON } = json;
  if (rawJSON === undefined || !LONG.test(text)) return JSON.parse(text);
  return json.parse(text, (_name, value, context) => {
    const { source = "" } = context ?? {};
    return typeof value === "number" && source.length > 15 && String(value) !== source ? rawJSON(source) : value;
  });
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** The error to return when Posthorn is unavailable. */
export function unavailable(why: string, cause?: unknown): McpEventsError {
  const message = `Events are unavailable: ${why}. Check the URL of Posthorn.`;
  return new McpEventsError(UNAVAILABLE, message, undefined, { cause });
}
