import { forward, McpEventsError } from "./call.ts";
import type { McpEventsOptions } from "./options.ts";
import { type Streaming, streamEvents } from "./stream.ts";

/** The part of a server that `mcpEvents` uses, such as `Server` of the npm package `@modelcontextprotocol/server`. */
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

/** Methods with a single response. */
const METHODS = ["events/list", "events/poll", "events/subscribe", "events/unsubscribe"] as const;

const anyParams: AnyParams = {
  "~standard": {
    version: 1,
    vendor: "posthorn",
    validate: (value) => ({ value: (value ?? {}) as Record<string, unknown> }),
  },
};

/**
 * Adds the Events extension of MCP to your own MCP server: clients list your event types, poll events with exact
 * cursors, and subscribe with a webhook. Posthorn verifies the callbacks, stores the subscriptions, and sends, signs and
 * retries the events of the messages that you publish. Subscriptions need `POSTHORN_MCP=write` on the Posthorn server.
 * Streams need the request context of `@modelcontextprotocol/server` (`mcpReq`), and are not offered without it.
 *
 * Each customer gets the events of one application only, which `principal` names.
 *
 * @param server Server of `@modelcontextprotocol/server`, before it is connected. For an `McpServer`, its property `server`.
 * @param options Address of Posthorn, and the customer of each call.
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
 * console.log(methods.length); // 5
 * ```
 */
export function mcpEvents<Context>(server: McpEventsServer<Context>, options: McpEventsOptions<Context>): void {
  // Clients look for either.
  server.registerCapabilities({ events: {}, extensions: { "io.modelcontextprotocol/events": {} } });
  for (const method of METHODS) {
    server.setRequestHandler(method, { params: anyParams }, async (params, context) => {
      const result = await forward(options, await options.principal(context), { method, params });
      return method === "events/list" && streamingOf(context) === null ? withoutStream(result) : result;
    });
  }
  server.setRequestHandler("events/stream", { params: anyParams }, async (params, context) => {
    const streaming = streamingOf(context);
    if (streaming === null)
      throw new McpEventsError(UNSUPPORTED, NO_STREAM, { feature: "deliveryMode", value: "push" });
    return streamEvents(options, await options.principal(context), { params, streaming });
  });
}

const UNSUPPORTED = -32_014;
const NO_STREAM = "This server cannot send notifications while it handles a request. Use events/poll instead.";

function streamingOf(context: unknown): Streaming | null {
  const streaming = (context as { readonly mcpReq?: Partial<Streaming> } | undefined)?.mcpReq;
  return typeof streaming?.notify === "function" && streaming.signal !== undefined ? (streaming as Streaming) : null;
}

function withoutStream(result: Record<string, unknown>): Record<string, unknown> {
  const events = result["events"] as readonly { readonly delivery: readonly string[] }[];
  return {
    ...result,
    events: events.map((event) => ({ ...event, delivery: event.delivery.filter((mode) => mode !== "push") })),
  };
}
