/** `posthorn mcp`: the MCP endpoint of a server over standard input and output. */
import { createInterface, type Interface } from "node:readline";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { serveStdio } from "../../src/cli/mcp/stdio.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let input: PassThrough;
let lines: AsyncIterator<string>;
let reader: Interface;
let served: Promise<void>;

beforeAll(async () => {
  node = await startNode(folder.path);
  await new Tenant(node).call("POST", "app", { name: "App", uid: "app" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});
beforeEach(async () => {
  await serve(node.url);
  return async () => {
    input.end();
    await served;
    reader.close();
  };
});

async function serve(url: string): Promise<void> {
  input = new PassThrough();
  const output = new PassThrough();
  reader = createInterface({ input: output });
  lines = reader[Symbol.asyncIterator]();
  const { signal } = new AbortController();
  served = serveStdio({
    connection: { url, token: node.token },
    path: "/mcp",
    input,
    output,
    userAgent: "test",
    signal,
  });
}

const send = (message: object | string): void =>
  void input.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);

async function received(): Promise<Record<string, unknown>> {
  const { value } = await lines.next();
  return JSON.parse(value as string) as Record<string, unknown>;
}

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

it("serves clients that begin with a handshake", async () => {
  send({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {} } });
  expect(await received()).toMatchObject({ id: 1, result: { protocolVersion: "2025-11-25" } });
  send({ jsonrpc: "2.0", method: "notifications/initialized" });
  send({ jsonrpc: "2.0", id: 2, method: "tools/list" });
  expect(await received()).toMatchObject({ id: 2, result: { tools: expect.any(Array) } });
});

it("serves clients of the current version", async () => {
  const params = { name: "applications_read", arguments: { action: "list" }, _meta: META };
  send({ jsonrpc: "2.0", id: "a", method: "tools/call", params });
  expect(await received()).toMatchObject({ id: "a", result: { resultType: "complete", isError: false } });
});

it("responds to each request with its own ID, to the faster one first", async () => {
  const wait = { name: "wait_for_event", arguments: { app: "app", wait: 20 } };
  send({ jsonrpc: "2.0", id: "slow", method: "tools/call", params: wait });
  send({ jsonrpc: "2.0", id: "fast", method: "ping" });
  expect(await received()).toMatchObject({ id: "fast" });
  send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "slow" } });
  send("not JSON");
  expect(await received()).toMatchObject({ error: { code: -32_700 } });
});

it("passes on an event stream until the client cancels it", async () => {
  const owner = new Tenant(node);
  await owner.call("POST", "event-type", { name: "order.made", description: "" });
  const params = { name: "order.made", arguments: { app: "app" }, cursor: null };
  send({ jsonrpc: "2.0", id: "stream", method: "events/stream", params });
  expect(await received()).toMatchObject({ method: "notifications/events/active" });
  await owner.call("POST", "app/app/msg", { eventType: "order.made", payload: { n: 1 } });
  expect(await received()).toMatchObject({ method: "notifications/events/event", params: { data: { n: 1 } } });
  send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "stream" } });
  send({ jsonrpc: "2.0", id: "after", method: "ping" });
  expect(await received()).toMatchObject({ id: "after" });
});

it("tells the client that the server cannot be reached", async () => {
  input.end();
  await served;
  await serve("http://127.0.0.1:1");
  send({ jsonrpc: "2.0", id: 7, method: "ping" });
  expect(await received()).toMatchObject({ id: 7, error: { code: -32_603 } });
});
