/** Clients of others: the AI SDK subscribes to events by webhook, and the official client uses the current version of the protocol. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOracle } from "../../../testkit/oracles/load.ts";
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

const folder = temporaryFolder();
let node: TestNode;

beforeAll(async () => {
  node = await start();
  const owner = new Tenant(node);
  await ok(owner.call("POST", "event-type", { name: "order.made", description: "An order was made." }));
  for (const uid of ["subscribed", "restarted"]) await ok(owner.call("POST", "app", { name: uid, uid }));
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

interface AgentParts {
  readonly store: ReturnType<typeof memoryStore>;
  readonly client: AiClient;
  readonly server: ReturnType<typeof createServer>;
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
  readonly #server: ReturnType<typeof createServer>;

  private constructor({ store, client, server, keyId }: AgentParts) {
    this.store = store;
    this.client = client;
    this.#server = server;
    this.keyId = keyId;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  }

  static async start(app: string): Promise<AiAgent> {
    const sdk = await loadOracle<AiSdk>("@ai-sdk/mcp");
    const { json } = await ok(
      new Tenant(node).call("POST", `app/${app}/portal-key`, {
        name: "AI SDK",
        capabilities: ["ViewBase", "ManageEndpoint"],
      }),
    );
    let agent: AiAgent | null = null;
    let handle: (request: Request) => Promise<Response> = () => Promise.reject(new Error("not ready"));
    const server = createServer((incoming, outgoing) => {
      void (async () => {
        const body = await buffer(incoming);
        const headers = new Headers(incoming.headers as Record<string, string>);
        const response = await handle(
          new Request(`http://127.0.0.1${incoming.url}`, { method: "POST", headers, body: new Uint8Array(body) }),
        );
        agent!.requests.push({ path: incoming.url!, headers, body, status: response.status });
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const headers = { Authorization: `Bearer ${String(json["token"])}` };
    const store = memoryStore();
    const client = await sdk.createMCPClient({
      transport: { type: "http", url: `${node.url}/mcp/app/${app}`, headers },
      experimental_events: { store },
    });
    agent = new AiAgent({ store, client, server, keyId: String(json["id"]) });
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
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("the Events client of the AI SDK", () => {
  it("lists, subscribes, receives, refuses a tampered body, renews, and learns of the end", async () => {
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
