/** MCP Events: listing them, and reading them by polling and as a stream. */
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ownerOf } from "../support/browser-session.ts";
import { McpClient } from "../support/mcp-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { type ApiResponse, Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
let operator: McpClient;
let customer: McpClient;
let customerKey: { readonly id: string; readonly token: string };

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = new Tenant(node);
  for (const uid of ["app", "other"]) await ok(owner.call("POST", "app", { name: uid, uid }));
  const schemas = { "1": { type: "object" }, "2": { type: "object", properties: { n: { type: "number" } } } };
  await ok(owner.call("POST", "event-type", { name: "order.made", description: "An order was made.", schemas }));
  await ok(owner.call("POST", "event-type", { name: "order.paid", description: "" }));
  await ok(owner.at("ingest/api/v1", "POST", "source", { name: "Inbound", type: "generic-webhook" }));
  customerKey = (await ok(owner.call("POST", "app/app/portal-key", { name: "Agent" })))
    .json as unknown as typeof customerKey;
  operator = new McpClient(node, node.token);
  customer = new McpClient(node, customerKey.token, "/mcp/app/app");
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function ok(response: Promise<ApiResponse>): Promise<ApiResponse> {
  const given = await response;
  if (given.status >= 300) throw new Error(given.text);
  return given;
}

const publish = (eventType: string, n: number, app = "app") =>
  ok(owner.call("POST", `app/${app}/msg`, { eventType, payload: { n } }));

interface Polled {
  readonly events: readonly {
    readonly eventId: string;
    readonly name: string;
    readonly data: { readonly n: number };
  }[];
  readonly cursor: string;
  readonly truncated: boolean;
  readonly hasMore: boolean;
}

async function poll(params: object, client = customer): Promise<Polled> {
  const { result, text } = await client.request("events/poll", { name: "order.made", ...params });
  if (result === undefined) throw new Error(text);
  return result as unknown as Polled;
}

/** Polls until there are events. A message can be read at most 50 ms after it was published. */
function pollUntil(params: object, client = customer): Promise<Polled> {
  return eventually(async () => {
    const polled = await poll(params, client);
    if (polled.events.length === 0) throw new Error("no events yet");
    return polled;
  });
}

describe("events/list", () => {
  it("has the event types with their newest schema, and for operators the sources after them", async () => {
    const { result } = await customer.request("events/list");
    const names = (result!["events"] as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(["order.made", "order.paid"]);
    expect(result!["events"]).toContainEqual(
      expect.objectContaining({
        name: "order.made",
        payloadSchema: expect.objectContaining({ properties: { n: { type: "number" } } }),
      }),
    );
    expect(result).not.toHaveProperty("nextCursor");
    const first = (await operator.request("events/list")).result!;
    const { result: sources } = await operator.request("events/list", { cursor: first["nextCursor"] });
    expect(sources!["events"]).toEqual([
      expect.objectContaining({ name: expect.stringMatching(/^src_/), delivery: ["poll", "push"] }),
    ]);
    expect(sources).not.toHaveProperty("nextCursor");
  });

  it("is announced under both names", async () => {
    const { result } = await customer.request("server/discover");
    expect(result!["capabilities"]).toMatchObject({ events: {}, extensions: { "io.modelcontextprotocol/events": {} } });
  });
});

describe("events/poll", () => {
  it("returns each event of its type once and in order, from now on", async () => {
    const before = await poll({ cursor: null });
    await publish("order.made", 0);
    // Until it can be read, it is not before "now".
    await pollUntil({ cursor: before.cursor });
    const start = await poll({ cursor: null });
    expect(start).toMatchObject({ events: [], truncated: false, hasMore: false });
    for (const n of [1, 2, 3]) await publish("order.made", n);
    await publish("order.paid", 9);
    await publish("order.made", 9, "other");
    const seen: number[] = [];
    let rest = start;
    while (seen.length < 3) {
      rest = await pollUntil({ cursor: rest.cursor, maxEvents: 2 });
      seen.push(...rest.events.map(({ data }) => data.n));
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(rest.events[0]).toMatchObject({ eventId: expect.stringMatching(/^msg_/), name: "order.made" });
    expect((await poll({ cursor: rest.cursor })).events).toEqual([]);
  });

  it("reports that events were omitted because of their age", async () => {
    const { cursor } = await poll({ cursor: null });
    await publish("order.made", 1);
    expect(await pollUntil({ cursor, maxAgeMs: 3_600_000 })).toMatchObject({
      truncated: false,
      events: [{ data: { n: 1 } }],
    });
    await eventually(async () =>
      expect(await poll({ cursor, maxAgeMs: 0 })).toMatchObject({ truncated: true, events: [] }),
    );
  });

  it("reads the applications that an operator names", async () => {
    const params = { arguments: { app: "other" } };
    const { cursor } = await poll({ ...params, cursor: null }, operator);
    await publish("order.made", 7, "other");
    expect((await pollUntil({ ...params, cursor }, operator)).events.map(({ data }) => data.n)).toEqual([7]);
  });

  it.each([
    ["an unknown event", { name: "nothing.here" }, -32_011],
    ["an argument that there is not", { arguments: { app: "other" } }, -32_602],
    ["an invalid cursor", { cursor: "nothing" }, -32_602],
    ["an invalid number of events", { maxEvents: 0 }, -32_602],
  ])("rejects %s", async (_name, params, code) => {
    const { error } = await customer.request("events/poll", { name: "order.made", ...params });
    expect(error?.code).toBe(code);
  });

  it("rejects the cursor of another application", async () => {
    const { cursor } = await poll({ arguments: { app: "other" }, cursor: null }, operator);
    expect((await customer.request("events/poll", { name: "order.made", cursor })).error?.code).toBe(-32_602);
  });

  it("rejects callers that may not read payloads", async () => {
    const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Reader", scopes: ["read"] }));
    const reader = new McpClient(node, json["token"] as string);
    const { error } = await reader.request("events/poll", { name: "order.made", arguments: { app: "app" } });
    expect(error?.code).toBe(-32_012);
  });
});

/** A token of a person, as command lines get one. */
async function tokenOfPerson(): Promise<string> {
  const browser = await ownerOf(node);
  const form = async (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: "posthorn", ...fields });
    const response = await fetch(`${node.url}/api/v1/device/${path}`, { method: "POST", body });
    return (await response.json()) as Record<string, string>;
  };
  const { device_code = "", user_code = "" } = await form("code", {});
  await browser.send("POST", `device/${user_code}`, { approve: true });
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  return (await form("token", { grant_type, device_code }))["access_token"]!;
}

it("has an entry in the audit log for each poll that shows a person payloads, and for each stream", async () => {
  const token = await tokenOfPerson();
  const person = new McpClient(node, token);
  const entries = async () =>
    (await ok(owner.call("GET", "audit?action=v1.feed.read"))).json["data"] as readonly object[];
  const params = { arguments: { app: "other" } };
  const { cursor } = await poll({ ...params, cursor: null }, person);
  expect(await entries()).toEqual([]);
  await publish("order.made", 8, "other");
  await pollUntil({ ...params, cursor }, person);
  expect(await entries()).toMatchObject([{ type: "view", actor: { kind: "user" }, target: { name: "other" } }]);
  await (await openStream(token, { name: "order.made" })).cancel();
  expect(await entries()).toHaveLength(2);
});

it("says that it has no webhooks", async () => {
  const { error } = await customer.request("events/subscribe", { name: "order.made", delivery: { mode: "webhook" } });
  expect(error).toMatchObject({ code: -32_014, data: { feature: "deliveryMode", value: "webhook" } });
});

describe("events/stream", () => {
  it("sends events as they are published, and ends with the key", async () => {
    const { cursor } = await poll({ cursor: null });
    await publish("order.made", 1);
    const frames = framesOf(await openStream(customerKey.token, { name: "order.made", cursor }));
    expect(await frames.next()).toMatchObject({
      value: { method: "notifications/events/active", params: { cursor, truncated: false } },
    });
    const { value } = await frames.next();
    expect(value).toMatchObject({
      method: "notifications/events/event",
      params: { data: { n: 1 }, _meta: { "io.modelcontextprotocol/subscriptionId": "stream" } },
    });
    expect((await poll({ cursor: (value as { params: { cursor: string } }).params.cursor })).events).toEqual([]);
    await publish("order.paid", 2);
    await publish("order.made", 3);
    expect(await frames.next()).toMatchObject({ value: { params: { data: { n: 3 } } } });
    await ok(owner.call("DELETE", `app/app/portal-key/${customerKey.id}`));
    await publish("order.made", 4);
    expect(await frames.next()).toMatchObject({
      value: { method: "notifications/events/terminated", params: { error: { code: -32_012 } } },
    });
    expect(await frames.next()).toMatchObject({ value: { id: "stream", result: {} } });
    expect((await frames.next()).done).toBe(true);
  });

  it("opens no stream for a subscription that is rejected", async () => {
    const { error, headers } = await operator.request("events/stream", {
      name: "nothing.here",
      arguments: { app: "app" },
    });
    expect([error?.code, headers.get("content-type")]).toEqual([-32_011, "application/json"]);
  });
});

async function openStream(token: string, params: object): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(`${node.url}/mcp/app/app`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: "stream", method: "events/stream", params }),
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  return response.body!;
}

async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const part of parts) yield JSON.parse(part.replace(/^data: /, "")) as unknown;
  }
}
