/** The protocol of the MCP endpoints: versions, headers, origins, tokens, and writes. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { McpClient } from "../support/mcp-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
let client: McpClient;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
  client = new McpClient(node, node.token);
  await owner.call("POST", "app", { name: "App", uid: "app" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("the current version", () => {
  it("needs no handshake, and lists versions and capabilities", async () => {
    const { status, result } = await client.request("server/discover");
    expect(status).toBe(200);
    expect(result).toMatchObject({
      resultType: "complete",
      supportedVersions: ["2026-07-28", "2025-11-25", "2025-06-18"],
      capabilities: { tools: {} },
      cacheScope: "private",
    });
  });

  it.each([
    ["version", { "mcp-protocol-version": "2025-11-25" }, -32_020],
    ["method", { "mcp-method": "tools/call" }, -32_020],
  ])("rejects a header that differs from the body: %s", async (_name, headers, code) => {
    const { status, error } = await client.request("tools/list", {}, headers);
    expect([status, error?.code]).toEqual([400, code]);
  });

  it("decodes an encoded tool name, and rejects a different one", async () => {
    const named = (value: string) =>
      client.request("tools/call", { name: "applications_read", arguments: { action: "list" } }, { "mcp-name": value });
    const encoded = `=?base64?${Buffer.from("applications_read").toString("base64")}?=`;
    expect((await named(encoded)).status).toBe(200);
    expect((await named("messages_read")).error?.code).toBe(-32_020);
  });

  it("rejects an unknown version, and lists the supported ones", async () => {
    const meta = { "io.modelcontextprotocol/protocolVersion": "2030-01-01" };
    const { status, error } = await client.request(
      "tools/list",
      { _meta: meta },
      { "mcp-protocol-version": "2030-01-01" },
    );
    expect([status, error?.code]).toEqual([400, -32_022]);
    expect(error?.data?.["supported"]).toContain("2026-07-28");
  });

  it("responds with 404 to an unknown method, and with 202 to a notification", async () => {
    expect(await client.request("prompts/list")).toMatchObject({ status: 404, error: { code: -32_601 } });
    const note = await client.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    expect([note.status, note.text]).toEqual([202, ""]);
  });
});

describe("earlier versions", () => {
  it.each(["2025-11-25", "2025-06-18"])("serve %s without a session", async (protocolVersion) => {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const { result, headers } = await client.send({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    expect(result).toMatchObject({ protocolVersion, serverInfo: { name: "posthorn" } });
    expect(headers.get("mcp-session-id")).toBeNull();
    const list = await client.send(
      { jsonrpc: "2.0", id: "two", method: "tools/list" },
      { "mcp-protocol-version": protocolVersion },
    );
    expect(list.result).not.toHaveProperty("resultType");
    expect(list.result!["tools"]).not.toHaveLength(0);
  });

  it("offers the newest of them to a client with an unknown one", async () => {
    const params = { protocolVersion: "2024-11-05", capabilities: {} };
    const { result } = await client.send({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    expect(result!["protocolVersion"]).toBe("2025-11-25");
  });
});

describe("access to the endpoints", () => {
  it("is rejected for pages of other origins, and for other host names", async () => {
    const evil = await client.request("server/discover", {}, { origin: "https://evil.example.com" });
    expect(evil.status).toBe(403);
    expect(await client.request("server/discover", {}, { origin: node.url })).toMatchObject({ status: 200 });
    expect(await statusWithHost("rebound.example.com")).toBe(403);
    expect(await statusWithHost("localhost")).toBe(200);
  });

  it("requires a token, which is checked before the request is read", async () => {
    const { status, headers, error } = await new McpClient(node, "wrong").request("tools/list");
    expect([status, error?.data?.["code"]]).toEqual([401, "authentication_failed"]);
    expect(headers.get("content-type")).toBe("application/json");
  });

  it("does not show the name of Posthorn to clients of customers", async () => {
    const { json } = await owner.call("POST", "app/app/portal-key", { name: "Agent" });
    const customer = new McpClient(node, json["token"] as string, "/mcp/app/app");
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } };
    const started = await customer.send({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    expect(started.result).toMatchObject({ serverInfo: { name: "webhooks", title: "Webhooks" } });
    for (const { text } of [started, await customer.request("server/discover"), await customer.request("tools/list")]) {
      expect(text.replaceAll(/POSTHORN_MCP/g, "")).not.toMatch(/posthorn/i);
    }
  });

  it("is separate for the endpoints of organisation and applications", async () => {
    const { json } = await owner.call("POST", "auth/app-portal-access/app", {});
    const token = json["token"] as string;
    expect(await new McpClient(node, token).request("tools/list")).toMatchObject({
      status: 403,
      error: { data: { code: "insufficient access" } },
    });
    expect(await new McpClient(node, token, "/mcp/app/app").request("tools/list")).toMatchObject({ status: 200 });
    const names = (await new McpClient(node, token, "/mcp/app/app").tools()).map(({ name }) => name);
    expect(names).toContain("messages_read");
    expect(names).not.toContain("applications_write");
    expect(names).not.toContain("sources_read");
  });

  it("has no sessions to read or delete", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(`${node.url}/mcp`, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });
});

describe("tools that write", () => {
  it("are off until the operator turns them on", async () => {
    const names = (await client.tools()).map(({ name }) => String(name));
    expect(names.filter((name) => name.endsWith("_write"))).toEqual([]);
    const given = { name: "publish_write", arguments: { app: "app", eventType: "a", payload: {}, dry_run: false } };
    const { error } = await client.request("tools/call", given);
    expect(error?.message).toContain("POSTHORN_MCP");
    expect((await owner.call("GET", "app/app/msg")).json["data"]).toEqual([]);
  });
});

it("rejects invalid JSON and batches", async () => {
  expect(await client.send("{")).toMatchObject({ status: 400, error: { code: -32_700 } });
  expect(await client.send([{ jsonrpc: "2.0", id: 1, method: "ping" }])).toMatchObject({
    status: 400,
    error: { code: -32_600 },
  });
});

/** Status of a request with this Host header, which `fetch` does not let callers set. */
function statusWithHost(host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(node.url);
  const headers = { host, authorization: `Bearer ${node.token}`, "content-type": "application/json" };
  request({ hostname, port, path: "/mcp", method: "POST", headers }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  })
    .on("error", reject)
    .end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }));
  return promise;
}
