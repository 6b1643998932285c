/**
 * Third-party clients: the AI SDK subscribes to events by webhook, at Posthorn and at a server of the official SDK that passes on
 * Posthorn's events, and the official client uses the current version of the protocol.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { eventually } from "@posthorn/testkit";
import { mcpEvents, type McpEventsServer } from "@posthorn/webhooks/mcp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOracle } from "../../../testkit/oracles/load.ts";
import { McpClient } from "../support/mcp-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { type ApiResponse, Tenant } from "../support/tenant.ts";

/** The part of `@ai-sdk/mcp` that is used here. */
interface AiSdk {
  createMCPClient(options: object): Promise<AiClient>;
  experimental_createMCPEventWebhook(options: object): (request: Request) => Promise<Response>;
}
interface AiClient {
  readonly experimental_events: {
    list(): Promise<{ readonly events: readonly { readonly name: string; readonly delivery: readonly string[] }[] }>;
    subscribe(options: object): Promise<{ readonly id: string; readonly truncated: boolean }>;
    refresh(which: { readonly id: string }): Promise<{ readonly id: string }>;
    unsubscribe(which: { readonly id: string }): Promise<void>;
  };
  close(): Promise<void>;
}

/** The part of `@modelcontextprotocol/client` that is used here. */
interface Official {
  readonly Client: new (info: object, options: object) => OfficialClient;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => object;
}
interface OfficialClient {
  connect(transport: object): Promise<void>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(call: object): Promise<{ readonly structuredContent?: object; readonly isError?: boolean }>;
  getNegotiatedProtocolVersion(): string | undefined;
  close(): Promise<void>;
}

interface ServerContext {
  readonly http?: { readonly req?: Request };
}
/** The part of `@modelcontextprotocol/server` that is used here. */
interface OfficialServer {
  readonly Server: new (info: object, options: object) => McpEventsServer<ServerContext>;
  createMcpHandler(create: () => McpEventsServer<ServerContext>): { fetch(request: Request): Promise<Response> };
}

const folder = temporaryFolder();
let node: TestNode;

beforeAll(async () => {
  node = await start();
  const owner = new Tenant(node);
  await ok(owner.call("POST", "event-type", { name: "order.made", description: "An order was made." }));
  for (const uid of ["subscribed", "restarted", "passed-on"]) await ok(owner.call("POST", "app", { name: uid, uid }));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function start(): Promise<TestNode> {
  return startNode(folder.path, { env: { POSTHORN_MCP: "write" } });
}

async function ok(response: Promise<ApiResponse>): Promise<ApiResponse> {
  const given = await response;
  if (given.status >= 300) throw new Error(given.text);
  return given;
}

function publish(app: string, n: number): Promise<ApiResponse> {
  return ok(new Tenant(node).call("POST", `app/${app}/msg`, { eventType: "order.made", payload: { n } }));
}

/** A number that JavaScript would round. Not yet in the types that this project compiles with. */
const JSON_NUMBER = (JSON as unknown as { rawJSON(text: string): object }).rawJSON("12345678901234567890");

interface Stored {
  readonly key: string;
  readonly id?: string;
}

/** Subscriptions of the client, in memory. */
function memoryStore() {
  const rows = new Map<string, Stored>();
  return {
    rows,
    get: (key: string) => Promise.resolve(rows.get(key)),
    getById: (id: string) => Promise.resolve([...rows.values()].find((row) => row.id === id)),
    set: (row: Stored) => Promise.resolve(void rows.set(row.key, row)),
    update: (key: string, patch: object) => Promise.resolve(void rows.set(key, { ...rows.get(key)!, ...patch })),
    delete: (key: string) => Promise.resolve(void rows.delete(key)),
  };
}

interface Served extends AsyncDisposable {
  readonly url: string;
}

/** Serves a handler of web requests on a port of this machine. */
async function serve(handle: (request: Request) => Promise<Response>): Promise<Served> {
  const server: Server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = new Uint8Array(await buffer(incoming));
      const headers = new Headers(incoming.headers as Record<string, string>);
      const url = `http://${incoming.headers.host}${incoming.url}`;
      const response = await handle(new Request(url, { method: "POST", headers, body }));
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface AgentParts {
  readonly store: ReturnType<typeof memoryStore>;
  readonly client: AiClient;
  readonly url: string;
  readonly servers: readonly Served[];
  readonly keyId: string;
}

/** A program that the AI SDK serves the callback of, with one application of Posthorn. */
class AiAgent implements AsyncDisposable {
  readonly store: ReturnType<typeof memoryStore>;
  readonly seen: number[] = [];
  readonly ends: number[] = [];
  readonly requests: {
    readonly path: string;
    readonly headers: Headers;
    readonly body: Buffer;
    readonly status: number;
  }[] = [];
  readonly url: string;
  readonly keyId: string;
  readonly client: AiClient;
  readonly #servers: readonly Served[];

  private constructor({ store, client, url, servers, keyId }: AgentParts) {
    this.store = store;
    this.client = client;
    this.url = url;
    this.#servers = servers;
    this.keyId = keyId;
  }

  /** @param own Starts an MCP server that uses this token; default: the agent calls Posthorn. */
  static async start(app: string, own?: (token: string) => Promise<Served>): Promise<AiAgent> {
    const sdk = await loadOracle<AiSdk>("@ai-sdk/mcp");
    const capabilities = ["ViewBase", "ManageEndpoint"];
    const { json } = await ok(new Tenant(node).call("POST", `app/${app}/portal-key`, { name: "AI SDK", capabilities }));
    const token = String(json["token"]);
    const mcp = await own?.(token);
    let agent: AiAgent | null = null;
    let handle: (request: Request) => Promise<Response> = () => Promise.reject(new Error("not ready"));
    const callback = await serve(async (request) => {
      const { pathname, search } = new URL(request.url);
      const { headers } = request;
      const body = Buffer.from(await request.clone().arrayBuffer());
      const response = await handle(request);
      agent!.requests.push({ path: pathname + search, headers, body, status: response.status });
      return response;
    });
    const store = memoryStore();
    const headers = { Authorization: `Bearer ${token}` };
    const client = await sdk.createMCPClient({
      transport: { type: "http", url: mcp?.url ?? `${node.url}/mcp/app/${app}`, headers },
      experimental_events: { store },
    });
    const servers = mcp === undefined ? [callback] : [callback, mcp];
    agent = new AiAgent({ store, client, url: `${callback.url}/events`, servers, keyId: String(json["id"]) });
    const { seen, ends } = agent;
    handle = sdk.experimental_createMCPEventWebhook({
      store,
      onEvent: ({ event }: { readonly event: { readonly data: { readonly n: number } } }) =>
        Promise.resolve(void seen.push(event.data.n)),
      onTerminated: ({ termination }: { readonly termination: { readonly error: { readonly code: number } } }) =>
        Promise.resolve(void ends.push(termination.error.code)),
    });
    return agent;
  }

  subscribe(): Promise<{ readonly id: string }> {
    const delivery = { mode: "webhook", url: this.url, allowInsecureLocalhost: true };
    return this.client.experimental_events.subscribe({ name: "order.made", delivery });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close().catch(() => undefined);
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}

describe("the Events client of the AI SDK", () => {
  it("lists, subscribes, receives, rejects a tampered body, renews, and is notified of the end", async () => {
    await using agent = await AiAgent.start("subscribed");
    const { events } = await agent.client.experimental_events.list();
    expect(events).toContainEqual(
      expect.objectContaining({ name: "order.made", delivery: ["webhook", "poll", "push"] }),
    );
    const { id } = await agent.subscribe();
    expect(agent.requests.map(({ status }) => status)).toEqual([200]);
    await publish("subscribed", 1);
    await eventually(() => expect(agent.seen).toEqual([1]));
    const delivered = agent.requests.at(-1)!;
    const tampered = await fetch(new URL(delivered.path, agent.url), {
      method: "POST",
      headers: delivered.headers,
      body: delivered.body.toString().replace('"n":1', '"n":2'),
    });
    expect(tampered.status).toBe(401);
    expect((await agent.client.experimental_events.refresh({ id })).id).toBe(id);
    await publish("subscribed", 3);
    await eventually(() => expect(agent.seen).toEqual([1, 3]));
    await ok(new Tenant(node).call("DELETE", `app/subscribed/portal-key/${agent.keyId}`));
    await eventually(() => expect(agent.ends).toEqual([-32_012]));
    expect(await agent.store.getById(id)).toBeUndefined();
  });

  it("receives events after a restart of the server without subscribing again", async () => {
    await using agent = await AiAgent.start("restarted");
    const { id } = await agent.subscribe();
    await node[Symbol.asyncDispose]();
    node = await start();
    await publish("restarted", 1);
    await eventually(() => expect(agent.seen).toEqual([1]));
    const owner = new Tenant(node);
    expect((await ok(owner.call("GET", "app/restarted/endpoint"))).json["data"]).toMatchObject([
      { kind: "mcpEvents", config: { subscription: id } },
    ]);
  });
});

describe("a server of the official SDK with mcpEvents", () => {
  it("offers the events of one customer, and passes on subscriptions and rejections", async () => {
    const sdk = await loadOracle<OfficialServer>("@modelcontextprotocol/server");
    const create = () => {
      const server = new sdk.Server({ name: "shop", version: "1" }, { capabilities: {} });
      mcpEvents(server, {
        url: node.url,
        principal: ({ http }) => {
          const token = http?.req?.headers.get("authorization")?.replace("Bearer ", "") ?? "";
          return { application: "passed-on", token };
        },
      });
      return server;
    };
    const { fetch: handle } = sdk.createMcpHandler(create);
    let polls: McpClient | undefined;
    await using agent = await AiAgent.start("passed-on", async (token) => {
      const own = await serve(handle);
      polls = new McpClient(own, token, "");
      return own;
    });
    const { events } = await agent.client.experimental_events.list();
    expect(events).toMatchObject([{ name: "order.made", delivery: ["webhook", "poll", "push"] }]);
    const { id } = await agent.subscribe();
    await publish("passed-on", 7);
    await eventually(() => expect(agent.seen).toEqual([7]));
    await agent.client.experimental_events.unsubscribe({ id });
    await expect(agent.client.experimental_events.unsubscribe({ id })).rejects.toThrow("Unknown");
    const owner = new Tenant(node);
    expect((await ok(owner.call("GET", "app/passed-on/endpoint"))).json["data"]).toEqual([]);
    const unconfirmed = {
      name: "order.made",
      delivery: { mode: "webhook", url: `${node.url}/nothing`, allowInsecureLocalhost: true },
    };
    await expect(agent.client.experimental_events.subscribe(unconfirmed)).rejects.toThrow("did not confirm");
    const poll = (cursor: unknown) => polls!.request("events/poll", { name: "order.made", cursor });
    let cursor = (await poll(null)).result!["cursor"];
    await ok(owner.call("POST", "app/passed-on/msg", { eventType: "order.made", payload: { n: JSON_NUMBER } }));
    await eventually(async () => {
      const { text, result } = await poll(cursor);
      // The first page can contain the previous event.
      cursor = result!["cursor"];
      expect(text).toContain('"data":{"n":12345678901234567890}');
    });
  });
});

it("a server of the official SDK with mcpEvents streams events until its client disconnects", async () => {
  const sdk = await loadOracle<OfficialServer>("@modelcontextprotocol/server");
  const opened: AbortSignal[] = [];
  const { fetch: handle } = sdk.createMcpHandler(() => {
    const server = new sdk.Server({ name: "shop", version: "1" }, { capabilities: {} });
    mcpEvents(server, {
      url: node.url,
      principal: () => ({ application: "passed-on", token: node.token }),
      fetch: (request) => {
        opened.push(request.signal);
        return fetch(request);
      },
    });
    return server;
  });
  const client = new AbortController();
  const response = await handle(streamRequest(client.signal));
  let text = "";
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of response.body!) text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  await eventually(() => expect(text).toContain("notifications/events/active"));
  await publish("passed-on", 11);
  await eventually(() => expect(text).toContain('"data":{"n":11}'));
  expect(text).toContain('"io.modelcontextprotocol/subscriptionId":"stream-1"');
  client.abort();
  await response.body?.cancel().catch(() => undefined);
  await eventually(() => expect(opened.every(({ aborted }) => aborted)).toBe(true));
  await reading;
});

/** A request that the official client does not send yet. */
function streamRequest(signal: AbortSignal): Request {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name: "order.made", arguments: {}, cursor: null, _meta: meta };
  return new Request("http://shop.example.com/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "events/stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: "stream-1", method: "events/stream", params }),
    signal,
  });
}

describe("the official client", () => {
  it("speaks version 2026-07-28, lists the tools and calls one", async () => {
    const { Client, StreamableHTTPClientTransport } = await loadOracle<Official>("@modelcontextprotocol/client");
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    const headers = { Authorization: `Bearer ${node.token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${node.url}/mcp`), { requestInit: { headers } }));
    try {
      expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("overview_read");
      const result = await client.callTool({ name: "applications_read", arguments: { action: "list" } });
      expect(result.structuredContent).toMatchObject({ untrusted: true, scope: { operation: "v1.application.list" } });
    } finally {
      await client.close();
    }
  });
});
