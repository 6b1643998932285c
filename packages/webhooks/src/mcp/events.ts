/** What `mcpEvents` uses of a server: {@link https://www.npmjs.com/package/@modelcontextprotocol/server `Server`} has it. */
export interface McpEventsServer<Context> {
  /** Announces that the server has the extension. */
  registerCapabilities(capabilities: object): void;
  /** Handles a method that the SDK does not know. */
  setRequestHandler(
    method: string,
    schemas: { readonly params: AnyParams },
    handler: (params: Record<string, unknown>, context: Context) => Promise<Record<string, unknown>>,
  ): void;
}

/** Standard Schema that accepts all parameters: Posthorn checks them. */
interface AnyParams {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Record<string, unknown> };
    readonly types?: { readonly input: Record<string, unknown>; readonly output: Record<string, unknown> };
  };
}

/** Whose events a call is about. */
export interface McpEventsContext {
  /** ID or uid of the application in Posthorn: one of your customers. */
  readonly application: string;
  /**
   * Token or key for this application, or an API key of yours that reaches it. Subscriptions end when it is revoked. Agents
   * with the same one share their subscriptions: each can end those of the others. Portal keys, one per agent, keep them apart.
   */
  readonly token: string;
}

/** Options of {@link mcpEvents}. */
export interface McpEventsOptions<Context> {
  /** Public URL of the Posthorn server, without a path. */
  readonly url: string;
  /**
   * Finds the customer that calls, from what the server knows about the request. Throw if there is none: without a customer,
   * there are no events.
   */
  readonly principal: (context: Context) => McpEventsContext | Promise<McpEventsContext>;
  /** Sends the requests; default: the global `fetch`. For a Posthorn in the same process, pass `posthorn.fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** How long Posthorn may take to respond, in milliseconds; default: 30,000. It asks callbacks for up to ten seconds. */
  readonly timeoutMs?: number;
}

/** Error of the protocol. The SDK returns its code, message and data to the client. */
class McpEventsError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = "McpEventsError";
    this.code = code;
    this.data = data;
  }
}

/** Methods that have one response. `events/stream` is left out: its notifications need the transport of the server. */
const METHODS = ["events/list", "events/poll", "events/subscribe", "events/unsubscribe"] as const;

const VERSION = "2026-07-28";
const UNAVAILABLE = -32_603;
const TIMEOUT_MS = 30_000;

const anyParams: AnyParams = {
  "~standard": {
    version: 1,
    vendor: "posthorn",
    validate: (value) => ({ value: (value ?? {}) as Record<string, unknown> }),
  },
};

/**
 * Adds the Events extension of MCP to your own MCP server: clients list your event types, poll events with exact cursors, and
 * subscribe with a webhook. Posthorn asks the callbacks, stores the subscriptions, and sends, signs and retries the events of the
 * messages that you publish. Subscriptions need `POSTHORN_MCP=write` on its server. `events/stream` is not offered.
 *
 * Each customer gets the events of one application only, which `principal` names.
 *
 * @param server Server of `@modelcontextprotocol/server`, before it is connected. For an `McpServer`, its property `server`.
 * @param options Address of Posthorn, and whose events a call is about.
 * @see The extension: https://modelcontextprotocol.io/extensions/events/overview
 *
 * @example
 *
 * ```ts
 * import { mcpEvents, type McpEventsServer } from "@posthorn/webhooks/mcp";
 *
 * interface Context {
 *   readonly customer: string;
 * }
 * // In your program, this is a server of @modelcontextprotocol/server.
 * const methods: string[] = [];
 * const server: McpEventsServer<Context> = {
 *   registerCapabilities: () => undefined,
 *   setRequestHandler: (method) => void methods.push(method),
 * };
 *
 * mcpEvents(server, {
 *   url: "https://hooks.example.com",
 *   principal: ({ customer }) => ({ application: customer, token: "phc_the_key_of_this_customer" }),
 * });
 * console.log(methods.length); // 4
 * ```
 */
export function mcpEvents<Context>(server: McpEventsServer<Context>, options: McpEventsOptions<Context>): void {
  // Clients look for either.
  server.registerCapabilities({ events: {}, extensions: { "io.modelcontextprotocol/events": {} } });
  for (const method of METHODS) {
    server.setRequestHandler(method, { params: anyParams }, async (params, context) => {
      const result = await forward(options, await options.principal(context), method, params);
      return method === "events/list" ? withoutStream(result) : result;
    });
  }
}

async function forward<Context>(
  { url, fetch = globalThis.fetch, timeoutMs = TIMEOUT_MS }: McpEventsOptions<Context>,
  { application, token }: McpEventsContext,
  method: string,
  params: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const request = new Request(`${url.replace(/\/+$/, "")}/mcp/app/${encodeURIComponent(application)}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  try {
    const response = await fetch(request);
    return resultOf(response, await response.text());
  } catch (cause) {
    if (cause instanceof McpEventsError) throw cause;
    throw unavailable(request.signal.aborted ? "it did not respond in time" : "it cannot be reached", cause);
  }
}

function resultOf({ status }: Response, text: string): Record<string, unknown> {
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

/** Of ECMAScript, but neither in the types that this package compiles with nor in Node.js 20. */
const json = JSON as unknown as {
  parse(
    text: string,
    revive: (name: string, value: unknown, context?: { readonly source?: string }) => unknown,
  ): unknown;
  readonly rawJSON?: (text: string) => object;
};

/** Parses JSON. Numbers that would lose digits become raw values, which `JSON.stringify` writes as they were. */
function parseExact(text: string): unknown {
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

function unavailable(why: string, cause?: unknown): McpEventsError {
  const message = `Events are unavailable: ${why}. Check the URL of Posthorn.`;
  return new McpEventsError(UNAVAILABLE, message, undefined, { cause });
}

function withoutStream(result: Record<string, unknown>): Record<string, unknown> {
  const events = result["events"] as readonly { readonly delivery: readonly string[] }[];
  return {
    ...result,
    events: events.map((event) => ({ ...event, delivery: event.delivery.filter((mode) => mode !== "push") })),
  };
}
