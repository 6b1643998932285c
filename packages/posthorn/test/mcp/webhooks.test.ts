/** MCP Events by webhook: subscriptions whose events Posthorn sends to a URL of the client. */
import { randomBytes } from "node:crypto";
import { eventually, type Received, type Receiver, type ReceiverResponse, startReceiver } from "@posthorn/testkit";
import { verify } from "@posthorn/webhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { McpClient, type RpcResponse } from "../support/mcp-client.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { type ApiResponse, Tenant } from "../support/tenant.ts";

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
let applications = 0;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_MCP: "write" } });
  owner = new Tenant(node);
  for (const name of ["order.made", "order.paid"])
    await ok(owner.call("POST", "event-type", { name, description: name }));
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

async function isSigned({ headers, body }: Pick<Received, "headers" | "body">, secret: string): Promise<void> {
  await verify({ headers: headers, body }, secret);
}

interface Control {
  readonly type?: string;
  readonly challenge?: string;
  readonly error?: { readonly code: number };
}

function isControl({ body }: Pick<Received, "body">): boolean {
  return (JSON.parse(body.toString()) as Control).type !== undefined;
}

/** A client with a callback that confirms verification requests, and a separate application. */
class Agent implements AsyncDisposable {
  readonly app: string;
  readonly receiver: Receiver;
  readonly secret = `whsec_${randomBytes(32).toString("base64")}`;
  client!: McpClient;
  keyId = "";
  token = "";
  respond: (request: Received) => ReceiverResponse = () => 204;

  private constructor(app: string, receiver: Receiver) {
    this.app = app;
    this.receiver = receiver;
    receiver.respondWith((request) => {
      const { type, challenge } = JSON.parse(request.body.toString()) as Control;
      if (type === "verification") return { status: 200, body: JSON.stringify({ challenge }) };
      return type === undefined ? this.respond(request) : 204;
    });
  }

  static async start(capabilities: readonly string[] = ["ViewBase", "ManageEndpoint"]): Promise<Agent> {
    const app = `app${++applications}`;
    await ok(owner.call("POST", "app", { name: app, uid: app }));
    const { json } = await ok(owner.call("POST", `app/${app}/portal-key`, { name: "Agent", capabilities }));
    const agent = new Agent(app, await startReceiver());
    agent.token = String(json["token"]);
    agent.client = new McpClient(node, agent.token, `/mcp/app/${app}`);
    agent.keyId = String(json["id"]);
    return agent;
  }

  get url(): string {
    return `${this.receiver.url}/events?subscription=a%20b`;
  }

  subscribe(params: object = {}): Promise<RpcResponse> {
    const { url, secret } = this;
    const delivery = { mode: "webhook", url, secret };
    return this.client.request("events/subscribe", {
      name: "order.made",
      arguments: {},
      cursor: null,
      delivery,
      ...params,
    });
  }

  unsubscribe(params: object = {}): Promise<RpcResponse> {
    const delivery = { url: this.url };
    return this.client.request("events/unsubscribe", { name: "order.made", arguments: {}, delivery, ...params });
  }

  publish(n: number, eventType = "order.made"): Promise<ApiResponse> {
    return ok(owner.call("POST", `app/${this.app}/msg`, { eventType, payload: { n } }));
  }

  async subscriptions(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { json } = await ok(owner.call("GET", `app/${this.app}/endpoint`));
    return json["data"] as Readonly<Record<string, unknown>>[];
  }

  control(type: string): readonly Received[] {
    return this.receiver.requests.filter(({ body }) => (JSON.parse(body.toString()) as Control).type === type);
  }

  get events(): readonly {
    readonly eventId: string;
    readonly data: { readonly n: number };
    readonly cursor: string;
  }[] {
    return this.receiver.requests
      .map(({ body }) => JSON.parse(body.toString()) as Control & Agent["events"][number])
      .filter(({ type }) => type === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver[Symbol.asyncDispose]();
  }
}

/** A catch-up of an application's subscription that was canceled before its first step. */
async function insertCanceledCatchUp(app: string): Promise<void> {
  const { store, ids } = node.services;
  const place = await store.db
    .selectFrom("endpoint as e")
    .innerJoin("application as a", "a.id", "e.app_id")
    .select(["e.id as endpoint", "a.id as app", "a.org_id as org"])
    .where("a.uid", "=", app)
    .executeTakeFirstOrThrow();
  const { key, id } = ids.next("qtask_");
  const at = Date.now();
  const texts = { params_json: '{"isCatchUp":true}', data_json: "{}", requested_by: "test" };
  await store.transaction(async ({ db }) => {
    const state = { kind: "endpoint.replay", status: "canceled", updated_at: at, ended_at: at };
    await db
      .insertInto("task")
      .values({ id: key, public_id: id, org_id: place.org, app_id: place.app, ...state, ...texts })
      .execute();
    await db.insertInto("task_part").values({ task_id: key, endpoint_id: place.endpoint, cursor: 0 }).execute();
  }, "test");
}

describe("a subscription", () => {
  let agent: Agent;
  beforeEach(async () => {
    agent = await Agent.start();
    return () => agent[Symbol.asyncDispose]();
  });

  it("verifies the callback once, and then delivers signed events of its type", async () => {
    const { result, text } = await agent.subscribe();
    if (result === undefined) throw new Error(text);
    expect(result).toMatchObject({ id: expect.stringMatching(/^sub_[0-9a-f]{32}$/), truncated: false });
    expect(agent.control("verification")).toHaveLength(1);
    expect(agent.control("verification")[0]!.headers["webhook-id"]).toMatch(/^msg_verification_/);
    await agent.publish(1, "order.paid");
    await agent.publish(2);
    await eventually(() => expect(agent.events.map(({ data }) => data.n)).toEqual([2]));
    const request = agent.receiver.requests.at(-1)!;
    expect(request.path).toBe("/events?subscription=a%20b");
    expect(request.headers["x-mcp-subscription-id"]).toBe(result["id"]);
    expect(request.headers["webhook-id"]).toBe(agent.events[0]!.eventId);
    await isSigned(request, agent.secret);
    const tampered = { ...request, body: Buffer.from(request.body.toString().replace('"n":2', '"n":3')) };
    await expect(isSigned(tampered, agent.secret)).rejects.toThrow("signature");
  });

  it("is renewed by the same call, without another verification or endpoint", async () => {
    const first = await agent.subscribe({ ttlMs: 60_000 });
    const [endpoint] = await agent.subscriptions();
    const shown = { subscriber: "portal key", expiresAt: first.result!["refreshBefore"] };
    expect(endpoint).toMatchObject({ config: shown });
    expect(endpoint).toMatchObject({
      kind: "mcpEvents",
      config: { event: "order.made", subscription: first.result!["id"] },
    });
    const second = await agent.subscribe({ ttlMs: 3_600_000 });
    expect(second.result!["id"]).toBe(first.result!["id"]);
    expect(Date.parse(String(second.result!["refreshBefore"]))).toBeGreaterThan(
      Date.parse(String(first.result!["refreshBefore"])),
    );
    expect(await agent.subscriptions()).toMatchObject([
      { id: endpoint!["id"], config: { expiresAt: second.result!["refreshBefore"] } },
    ]);
    // Another event at the same callback is another subscription, which the callback has confirmed.
    await agent.subscribe({ name: "order.paid" });
    expect(await agent.subscriptions()).toHaveLength(2);
    expect(agent.control("verification")).toHaveLength(1);
  });

  it("also signs with the earlier secret after a renewal with another one", async () => {
    await agent.subscribe();
    const secret = `whsec_${randomBytes(24).toString("base64")}`;
    await agent.subscribe({ delivery: { mode: "webhook", url: agent.url, secret } });
    await agent.publish(1);
    await eventually(() => expect(agent.events).toHaveLength(1));
    for (const one of [secret, agent.secret]) await isSigned(agent.receiver.requests.at(-1)!, one);
  });

  it("contains a cursor with which a client that returns misses nothing", async () => {
    await agent.subscribe();
    let failing = true;
    agent.respond = ({ body }) => (failing && body.toString().includes('"n":1') ? 500 : 204);
    await agent.publish(1);
    await eventually(() => expect(agent.events).toHaveLength(1));
    await agent.publish(2);
    await eventually(() => expect(agent.events.map(({ data }) => data.n)).toContain(2));
    const { cursor } = agent.events.find(({ data }) => data.n === 2)!;
    // The first event is not acknowledged yet, so that a client that continues here gets both.
    await eventually(async () => {
      const { result } = await agent.client.request("events/poll", { name: "order.made", cursor });
      expect((result!["events"] as Agent["events"]).map(({ data }) => data.n)).toEqual([1, 2]);
    });
    await agent.unsubscribe();
    failing = false;
    const seen = agent.events.length;
    expect((await agent.subscribe({ cursor })).result).toMatchObject({ truncated: false });
    await eventually(() => {
      const again = agent.events.slice(seen).map(({ data }) => data.n);
      expect(again.toSorted((a, b) => a - b)).toEqual([1, 2]);
    });
  });

  it("with a cursor from before the first event omits nothing", async () => {
    const { cursor } = (await agent.subscribe()).result!;
    await agent.unsubscribe();
    await agent.publish(1);
    // A cursor has the version, the application, the endpoint and two keys.
    const parts = Buffer.from(String(cursor), "base64url").toString().split(".");
    const first = Buffer.from([...parts.slice(0, 3), 0, 0].join(".")).toString("base64url");
    expect((await agent.subscribe({ cursor: first })).result).toMatchObject({ truncated: false });
    await eventually(() => expect(agent.events.map(({ data }) => data.n)).toEqual([1]));
  });

  it("reports once at its renewal that a person canceled its catch-up", async () => {
    await agent.subscribe();
    await agent.publish(1);
    await eventually(() => expect(agent.events).toHaveLength(1));
    await insertCanceledCatchUp(agent.app);
    expect((await agent.subscribe()).result).toMatchObject({ truncated: true });
    expect((await agent.subscribe()).result).toMatchObject({ truncated: false });
  });

  it("gets the state of its deliveries at renewal, without the responses of the callback", async () => {
    expect((await agent.subscribe()).result).not.toHaveProperty("deliveryStatus");
    const status = async () => (await agent.subscribe()).result!["deliveryStatus"];
    expect(await status()).toEqual({ active: true, lastDeliveryAt: null, lastError: null });
    await agent.publish(1);
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    await eventually(async () =>
      expect(await status()).toEqual({ active: true, lastDeliveryAt: time, lastError: null }),
    );
    agent.respond = () => ({ status: 503, body: "a secret of the callback" });
    await agent.publish(2);
    await eventually(async () =>
      expect(await status()).toEqual({ active: true, lastDeliveryAt: time, lastError: "http_5xx", failedSince: time }),
    );
    expect((await agent.subscribe()).text).not.toContain("a secret of the callback");
  });

  it("gets the events that are published while its callback is verified", async () => {
    agent.receiver.respondWith(async ({ body }) => {
      const { type, challenge } = JSON.parse(body.toString()) as Control;
      if (type === "verification") await agent.publish(1);
      return { status: 200, body: JSON.stringify({ challenge }) };
    });
    expect((await agent.subscribe()).result).toMatchObject({ truncated: false });
    await agent.publish(2);
    await eventually(() => {
      expect(agent.events.map(({ data }) => data.n).toSorted((a, b) => a - b)).toEqual([1, 2]);
    });
  });

  it("ends with events/unsubscribe, once", async () => {
    await agent.subscribe();
    expect((await agent.unsubscribe({ name: "order.paid" })).error).toMatchObject({ code: -32_011 });
    expect((await agent.unsubscribe()).result).toBeDefined();
    expect((await agent.unsubscribe()).error).toMatchObject({ code: -32_011 });
    expect(await agent.subscriptions()).toEqual([]);
    // Another subscription shows when the events would have arrived.
    const url = `${agent.receiver.url}/other`;
    await agent.subscribe({ delivery: { mode: "webhook", url, secret: agent.secret } });
    for (const n of [1, 2]) await agent.publish(n);
    const paths = () => agent.receiver.requests.filter((one) => !isControl(one)).map(({ path }) => path);
    await eventually(() => expect(paths().length).toBeGreaterThanOrEqual(2));
    expect(paths()).toEqual(["/other", "/other"]);
  });

  it("can be renewed and ended after its event type was deleted, but not made", async () => {
    const name = `order.${agent.app}`;
    await ok(owner.call("POST", "event-type", { name, description: name }));
    expect((await agent.subscribe({ name })).error).toBeUndefined();
    await ok(owner.call("DELETE", `event-type/${name}?expunge=true`));
    expect((await agent.subscribe({ name })).error).toBeUndefined();
    expect((await agent.unsubscribe({ name })).error).toBeUndefined();
    expect((await agent.subscribe({ name })).error).toMatchObject({ code: -32_011 });
    expect(agent.control("verification")).toHaveLength(1);
  });

  it("ends when the callback responds with 410, and does not retry an event after 413", async () => {
    await agent.subscribe();
    agent.respond = () => 413;
    await agent.publish(1);
    const endpoint = String((await agent.subscriptions())[0]!["id"]);
    await eventually(async () => {
      const { json } = await owner.call("GET", `app/${agent.app}/attempt/endpoint/${endpoint}`);
      expect(json["data"]).toMatchObject([{ status: 2 }]);
    });
    agent.respond = () => 410;
    await agent.publish(2);
    await eventually(async () => expect(await agent.subscriptions()).toEqual([]));
    expect(agent.events.map(({ data }) => data.n)).toEqual([1, 2]);
    expect(agent.control("terminated")).toEqual([]);
  });

  it("omits events that clients may reject because of their size", async () => {
    await agent.subscribe();
    await ok(
      owner.call("POST", `app/${agent.app}/msg`, { eventType: "order.made", payload: { text: "a".repeat(262_144) } }),
    );
    await agent.publish(2);
    await eventually(() => expect(agent.events.map(({ data }) => data.n)).toEqual([2]));
  });

  it("ends with the key that created it, and sends a notice", async () => {
    await agent.subscribe();
    await ok(owner.call("DELETE", `app/${agent.app}/portal-key/${agent.keyId}`));
    await eventually(() => expect(agent.control("terminated")).toHaveLength(1));
    const [end] = agent.control("terminated");
    expect((JSON.parse(end!.body.toString()) as Control).error).toMatchObject({ code: -32_012 });
    await isSigned(end!, agent.secret);
    expect(await agent.subscriptions()).toEqual([]);
  });

  it("ends when its endpoint is deleted, and sends a notice", async () => {
    await agent.subscribe();
    await ok(owner.call("DELETE", `app/${agent.app}/endpoint/${String((await agent.subscriptions())[0]!["id"])}`));
    // The next check finds it.
    await ok(owner.call("DELETE", `app/${agent.app}/portal-key/${agent.keyId}`));
    await eventually(() => expect(agent.control("terminated")).toHaveLength(1));
  });

  it("is in the audit log, with its renewals only if they change something", async () => {
    await agent.subscribe();
    await agent.subscribe();
    await agent.unsubscribe();
    const { json } = await ok(owner.call("GET", `audit?app_id=${agent.app}&limit=20`));
    const actions = (json["data"] as { action: string }[]).map(({ action }) => action);
    expect(actions.filter((action) => action.startsWith("v1.mcp"))).toEqual([
      "v1.mcp.events.unsubscribe",
      "v1.mcp.events.subscribe",
    ]);
  });

  it("cannot be sent elsewhere by a change of its endpoint", async () => {
    await agent.subscribe();
    const { id } = (await agent.subscriptions())[0]!;
    const changed = await owner.call("PATCH", `app/${agent.app}/endpoint/${String(id)}`, {
      config: { callback: "https://elsewhere.example.com" },
    });
    expect(changed.status).toBe(422);
  });
});

describe("a subscription at the endpoint of the organisation", () => {
  it("delivers the events of a source with their types, and ends with the API key", async () => {
    await using agent = await Agent.start();
    const source = await ok(owner.at("ingest/api/v1", "POST", "source", { name: "Inbound", type: "generic-webhook" }));
    const scopes = ["read", "payloads:read", "endpoints:write"];
    const key = await ok(owner.call("POST", "auth/api-key", { name: "Agent", scopes }));
    const operator = new McpClient(node, String(key.json["token"]));
    const delivery = { mode: "webhook", url: agent.url, secret: agent.secret };
    const params = { name: String(source.json["id"]), cursor: null, delivery };
    const { result, text } = await operator.request("events/subscribe", params);
    if (result === undefined) throw new Error(text);
    const body = JSON.stringify({ type: "order.made", n: 5 });
    const headers = { "content-type": "application/json" };
    const received = await fetch(String(source.json["ingestUrl"]), { method: "POST", headers, body });
    expect(received.ok).toBe(true);
    await eventually(() =>
      expect(agent.events).toMatchObject([
        { name: source.json["id"], data: { eventType: expect.any(String), payload: { type: "order.made", n: 5 } } },
      ]),
    );
    await ok(owner.call("DELETE", `auth/api-key/${String(key.json["id"])}`));
    await eventually(() => expect(agent.control("terminated")).toHaveLength(1));
  });

  it("needs the scope with which endpoints are created", async () => {
    await using agent = await Agent.start();
    const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Agent", scopes: ["read", "payloads:read"] }));
    const operator = new McpClient(node, String(json["token"]));
    const delivery = { mode: "webhook", url: agent.url, secret: agent.secret };
    const params = { name: "order.made", arguments: { app: agent.app }, cursor: null, delivery };
    expect((await operator.request("events/subscribe", params)).error).toMatchObject({ code: -32_012 });
    expect(agent.receiver.requests).toEqual([]);
  });
});

it("a subscription with a portal token ends when the tokens of the application are expired, and never outlives the token", async () => {
  await using agent = await Agent.start();
  const { json } = await ok(owner.call("POST", `auth/app-portal-access/${agent.app}`, { expiry: 3600 }));
  agent.client = new McpClient(node, String(json["token"]), `/mcp/app/${agent.app}`);
  const { result } = await agent.subscribe({ ttlMs: null });
  expect(Date.parse(String(result!["refreshBefore"]))).toBeLessThanOrEqual(Date.now() + 3_600_000);
  await ok(owner.call("POST", `auth/app/${agent.app}/expire-all`, {}));
  await eventually(() => expect(agent.control("terminated")).toHaveLength(1));
  expect(await agent.subscriptions()).toEqual([]);
});

describe("a subscription is rejected", () => {
  it("without ManageEndpoint, and is not offered then", async () => {
    await using reader = await Agent.start(["ViewBase"]);
    expect((await reader.subscribe()).error).toMatchObject({ code: -32_012 });
    expect(reader.receiver.requests).toEqual([]);
    const offered = async ({ client }: Pick<Agent, "client">) =>
      ((await client.request("events/list")).result!["events"] as { delivery: string[] }[])[0]!.delivery;
    expect(await offered(reader)).toEqual(["poll", "push"]);
    await using writer = await Agent.start();
    expect(await offered(writer)).toEqual(["webhook", "poll", "push"]);
    expect(await offered({ client: new McpClient(node, node.token) })).toEqual(["webhook", "poll", "push"]);
    const scopes = ["read", "payloads:read"];
    const key = await ok(owner.call("POST", "auth/api-key", { name: "Reader", scopes }));
    expect(await offered({ client: new McpClient(node, String(key.json["token"])) })).toEqual(["poll", "push"]);
  });

  it("at the application of another customer, and at one that a key does not reach", async () => {
    await using agent = await Agent.start();
    await using foreign = await Agent.start();
    const own = agent.client;
    agent.client = new McpClient(node, agent.token, `/mcp/app/${foreign.app}`);
    expect((await agent.subscribe()).result).toBeUndefined();
    const { id } = (await ok(owner.call("GET", `app/${agent.app}`))).json;
    const scopes = ["read", "payloads:read", "endpoints:write", `app:${String(id)}`];
    const { json } = await ok(owner.call("POST", "auth/api-key", { name: "Limited", scopes }));
    agent.client = new McpClient(node, String(json["token"]));
    expect((await agent.subscribe({ arguments: { app: foreign.app } })).error).toMatchObject({ code: -32_011 });
    expect([agent.receiver.requests, await foreign.subscriptions()]).toEqual([[], []]);
    expect((await agent.subscribe({ arguments: { app: agent.app } })).error).toBeUndefined();
    agent.client = own;
    expect((await agent.subscribe()).error).toBeUndefined();
    expect(await agent.subscriptions()).toHaveLength(2);
  });

  it.each([
    ["a secret that is too short", { secret: `whsec_${randomBytes(16).toString("base64")}` }],
    ["a secret without its prefix", { secret: randomBytes(32).toString("base64") }],
    ["no secret", { secret: undefined }],
    ["a URL without TLS", { url: "http://agent.example.com/events" }],
    ["no URL", { url: undefined }],
  ])("with %s", async (_, wrong) => {
    await using agent = await Agent.start();
    const delivery = { mode: "webhook", url: agent.url, secret: agent.secret, ...wrong };
    expect((await agent.subscribe({ delivery })).error).toMatchObject({ code: -32_602 });
    expect(await agent.subscriptions()).toEqual([]);
  });

  it("if the callback does not return the challenge, with the reason", async () => {
    await using agent = await Agent.start();
    agent.receiver.respondWith(() => ({ status: 200, body: '{"challenge":"another"}' }));
    expect((await agent.subscribe()).error).toMatchObject({ code: -32_015, data: { reason: "challenge_failed" } });
    agent.receiver.respondWith(() => 500);
    expect((await agent.subscribe()).error).toMatchObject({ code: -32_015, data: { reason: "challenge_failed" } });
    await agent.receiver[Symbol.asyncDispose]();
    expect((await agent.subscribe()).error).toMatchObject({ code: -32_015, data: { reason: "connection_refused" } });
    expect(await agent.subscriptions()).toEqual([]);
  });
});
