/**
 * The official client with only the URL of the server: it finds the authorization server, registers, requests access, refreshes tokens and
 * requests more scopes.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOracle } from "../../../testkit/oracles/load.ts";
import { ownerOf, type TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

/** The part of `@modelcontextprotocol/client` that is used here. */
interface Official {
  readonly Client: new (info: object, options: object) => OfficialClient;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => Transport;
  readonly UnauthorizedError: new () => Error;
}
interface Transport {
  finishAuth(callback: URLSearchParams): Promise<void>;
}
interface OfficialClient {
  connect(transport: Transport): Promise<void>;
  callTool(call: object): Promise<{ readonly isError?: boolean }>;
  close(): Promise<void>;
}

const folder = temporaryFolder();
let node: TestNode;
let owner: TestBrowser;
let sdk: Official;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_MCP: "write" } });
  owner = await ownerOf(node);
  sdk = await loadOracle<Official>("@modelcontextprotocol/client");
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface StoredTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly scope?: string;
}

/** State of an application with this client. Instead of opening a browser, it records the address. */
class Storage {
  readonly redirectUrl = "http://127.0.0.1:3118/callback";
  readonly clientMetadata = { client_name: "Official client", redirect_uris: ["http://127.0.0.1/callback"] };
  readonly opened: URL[] = [];
  stored: StoredTokens | undefined;
  #client: object | undefined;
  #verifier = "";
  #discovery: object | undefined;

  state = (): string => "1e5";
  clientInformation = (): object | undefined => this.#client;
  saveClientInformation = (client: object): void => void (this.#client = client);
  tokens = (): StoredTokens | undefined => this.stored;
  saveTokens = (tokens: StoredTokens): void => void (this.stored = tokens);
  redirectToAuthorization = (url: URL): void => void this.opened.push(url);
  saveCodeVerifier = (verifier: string): void => void (this.#verifier = verifier);
  codeVerifier = (): string => this.#verifier;
  saveDiscoveryState = (state: object): void => void (this.#discovery = state);
  discoveryState = (): object | undefined => this.#discovery;
}

/** The person opens the address and approves. Returns the query with which the browser returns to the client. */
async function approve(opened: URL, write: boolean): Promise<URLSearchParams> {
  const { headers } = await fetch(opened, { redirect: "manual" });
  const request = new URL(headers.get("location")!).searchParams.get("request");
  const { json } = await owner.send("POST", "connected-client/authorization", { request, approve: true, write });
  return new URL(String(json["redirectTo"])).searchParams;
}

async function connected(
  storage: Storage,
): Promise<{ readonly client: OfficialClient; readonly transport: Transport }> {
  const client = new sdk.Client({ name: "official", version: "1" }, { capabilities: {} });
  const transport = new sdk.StreamableHTTPClientTransport(new URL(`${node.url}/mcp`), { authProvider: storage });
  await client.connect(transport);
  return { client, transport };
}

describe("the official client", () => {
  it("connects with the URL alone, refreshes its token, and asks for more when a tool needs it", async () => {
    const storage = new Storage();
    const url = new URL(`${node.url}/mcp`);
    await expect(connected(storage)).rejects.toThrow(sdk.UnauthorizedError);
    expect(storage.opened[0]!.searchParams.get("scope")).toBe("mcp:read");
    const callback = await approve(storage.opened[0]!, false);
    expect([callback.get("state"), callback.get("iss")]).toEqual(["1e5", node.url]);
    await new sdk.StreamableHTTPClientTransport(url, { authProvider: storage }).finishAuth(callback);
    const { client, transport } = await connected(storage);
    const read = { name: "overview_read", arguments: { action: "summary" } };
    expect((await client.callTool(read)).isError).not.toBe(true);

    const before = storage.stored!;
    storage.stored = { ...before, access_token: "pho_expired" };
    expect((await client.callTool(read)).isError).not.toBe(true);
    expect(storage.stored.refresh_token).not.toBe(before.refresh_token);
    expect(storage.opened).toHaveLength(1);

    const write = { name: "publish_write", arguments: { app: "none", eventType: "order.made", payload: {} } };
    await expect(client.callTool(write)).rejects.toThrow(sdk.UnauthorizedError);
    expect(storage.opened[1]!.searchParams.get("scope")).toBe("mcp:read mcp:write");
    await transport.finishAuth(await approve(storage.opened[1]!, true));
    expect(storage.stored.scope).toBe("mcp:read mcp:write");
    // The application does not exist, which only a call with write access can detect.
    expect((await client.callTool(write)).isError).toBe(true);
    await client.close();
  });

  it("stays connected when parallel calls detect that the token has expired", async () => {
    const storage = new Storage();
    await expect(connected(storage)).rejects.toThrow(sdk.UnauthorizedError);
    const url = new URL(`${node.url}/mcp`);
    const callback = await approve(storage.opened[0]!, false);
    await new sdk.StreamableHTTPClientTransport(url, { authProvider: storage }).finishAuth(callback);
    const { client } = await connected(storage);
    const read = { name: "overview_read", arguments: { action: "summary" } };
    storage.stored = { ...storage.stored!, access_token: "pho_expired" };
    const results = await Promise.all([client.callTool(read), client.callTool(read)]);
    expect(results.map(({ isError }) => isError === true)).toEqual([false, false]);
    expect((await client.callTool(read)).isError).not.toBe(true);
    expect(storage.opened).toHaveLength(1);
    await client.close();
  });

  it("does not accept a code that is returned with another issuer", async () => {
    const storage = new Storage();
    await expect(connected(storage)).rejects.toThrow(sdk.UnauthorizedError);
    const callback = await approve(storage.opened[0]!, false);
    callback.set("iss", "https://elsewhere.example");
    const transport = new sdk.StreamableHTTPClientTransport(new URL(`${node.url}/mcp`), { authProvider: storage });
    await expect(transport.finishAuth(callback)).rejects.toThrow("Issuer mismatch");
  });
});
