/**
 * Listeners with a listen token. The client sends and expects the frames of the Svix CLI (`svix listen`), according to its source: it waits
 * for the response to its start frame, handles one request after the other, and responds with binary frames.
 */
import { EventEmitter } from "node:events";
import { eventually } from "@posthorn/testkit";
import type { FastifyInstance } from "fastify";
import { verify } from "@posthorn/webhooks";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { GuardedConnections } from "../src/api/relay/guarded.ts";
import { registerTokenSocket } from "../src/api/relay/token-socket.ts";
import type { SocketUpgrades } from "../src/api/relay/upgrades.ts";
import { messageText } from "../src/relay/message-text.ts";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

interface Event {
  readonly id: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `svix listen`, from the socket on. */
class SvixListener implements Disposable {
  readonly events: Event[] = [];
  started: string | null = null;
  closed: { readonly code: number; readonly reason: string } | null = null;
  respond: (event: Event) => object | null = () => ({ status: 200, headers: {}, body: "" });
  readonly #socket: WebSocket;

  constructor(url: string, token: string, { isFrozen = false, path = "/api/v1/listen/" } = {}) {
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, { autoPong: !isFrozen });
    this.#socket.on("open", () => this.#socket.send(JSON.stringify({ type: "start", version: 1, data: { token } })));
    this.#socket.on("message", (data) => this.#received(messageText(data)));
    this.#socket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
    this.#socket.on("error", () => undefined);
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  async hasStarted(): Promise<this> {
    await eventually(() => {
      if (this.started === null) throw new Error("not started");
    });
    return this;
  }

  hasClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    return eventually(() => {
      if (this.closed === null) throw new Error("not closed");
      return this.closed;
    });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #received(text: string): void {
    const { type, version, data } = JSON.parse(text) as {
      type: string;
      version: number;
      data: Event & { token: string };
    };
    if (version !== 1) throw new Error(`version ${version}`);
    if (type === "start") this.started = data.token;
    if (type !== "event") return;
    this.events.push(data);
    const answer = this.respond(data);
    if (answer === null) return;
    this.#socket.send(Buffer.from(JSON.stringify({ type: "event", version: 1, data: { id: data.id, ...answer } })));
  }
}

const folder = temporaryFolder();
let node: TestNode;
let owner: Tenant;
let apps = 0;

beforeAll(async () => {
  node = await startNode(folder.path, { env: { POSTHORN_LISTEN_TOKENS: "true", POSTHORN_RETRY_SCHEDULE: "1,3600" } });
  owner = new Tenant(node);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function newApp(): Promise<string> {
  const uid = `listened-${apps++}`;
  expect((await owner.call("POST", "app", { name: uid, uid })).status).toBe(201);
  return uid;
}

async function tokenOf(app: string, fields: object = {}, creator = owner) {
  const { status, json, text } = await creator.call("POST", `app/${app}/relay/token`, { name: "laptop", ...fields });
  if (status !== 201) throw new Error(`${status} ${text}`);
  return json as unknown as { readonly id: string; readonly token: string; readonly endpointId: string };
}

async function publish(app: string, eventType = "invoice.paid"): Promise<string> {
  const { json } = await owner.call("POST", `app/${app}/msg`, { eventType, payload: { amount: 12.5 } });
  return String(json["id"]);
}

const attemptsOf = async (app: string, message: string): Promise<unknown[]> =>
  (await owner.call("GET", `app/${app}/attempt/msg/${message}`)).json["data"] as unknown[];

describe("a listener with a listen token", () => {
  it("gets the events of its endpoint, signed, and its responses are the attempts", async () => {
    const app = await newApp();
    const { token, endpointId } = await tokenOf(app);
    expect(token).toMatch(/^c_[0-9A-Za-z]{27}$/);
    using listener = await new SvixListener(node.url, token).hasStarted();
    expect(listener.started).toBe(token);
    listener.respond = () => ({
      status: 201,
      headers: { "x-local": "yes" },
      body: Buffer.from("done").toString("base64"),
    });
    const message = await publish(app);
    await eventually(() => expect(listener.events).toHaveLength(1));
    const [event] = listener.events;
    expect(event!.method).toBe("POST");
    expect(Object.keys(event!.headers)).not.toContain("host");
    const { json } = await owner.call("GET", `app/${app}/endpoint/${endpointId}/secret`);
    const body = Buffer.from(event!.body, "base64");
    expect(body.toString()).toBe('{"amount":12.5}');
    await expect(verify({ headers: event!.headers, body }, String(json["key"]))).resolves.toMatchObject({
      id: message,
    });
    await eventually(async () =>
      expect(await attemptsOf(app, message)).toMatchObject([{ status: 0, responseStatusCode: 201, response: "done" }]),
    );
  });

  it("connects with a token to which its client added the prefix again, and without the trailing slash", async () => {
    const { token } = await tokenOf(await newApp());
    using listener = await new SvixListener(node.url, `c_${token}`, { path: "/api/v1/listen" }).hasStarted();
    expect(listener.started).toBe(`c_${token}`);
  });

  it("gets one event after the other, first those that were stored while it was disconnected, and only matching ones", async () => {
    const app = await newApp();
    const { token } = await tokenOf(app, { eventTypes: ["invoice.*"] });
    const messages = [await publish(app), await publish(app)];
    await publish(app, "user.created");
    using listener = new SvixListener(node.url, token);
    let open = 0;
    let most = 0;
    listener.respond = ({ id }) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        listener.sendText(
          JSON.stringify({ type: "event", version: 1, data: { id, status: 204, headers: {}, body: "" } }),
        );
      });
      return null;
    };
    await eventually(() => expect(listener.events).toHaveLength(2));
    const ids = listener.events.map(({ headers }) => String(headers["webhook-id"]));
    expect(ids.toSorted()).toEqual(messages.toSorted());
    expect(most).toBe(1);
    for (const message of messages)
      await eventually(async () => expect(await attemptsOf(app, message)).toMatchObject([{ responseStatusCode: 204 }]));
  });

  it("retries events that the local server rejects with an error status", async () => {
    const app = await newApp();
    using listener = await new SvixListener(node.url, (await tokenOf(app)).token).hasStarted();
    listener.respond = () => ({ status: listener.events.length > 1 ? 200 : 503, headers: {}, body: "" });
    const message = await publish(app);
    await eventually(async () => expect(await attemptsOf(app, message)).toMatchObject([{ status: 0 }, { status: 2 }]));
  });

  it("whose response is too large fails the attempt, and does not get the same request forever", async () => {
    const app = await newApp();
    using listener = await new SvixListener(node.url, (await tokenOf(app)).token).hasStarted();
    listener.respond = () => ({ status: 200, headers: {}, body: "A".repeat(2 * 1024 * 1024) });
    const message = await publish(app);
    await listener.hasClosed();
    await eventually(async () =>
      expect(await attemptsOf(app, message)).toMatchObject([
        { status: 2, response: expect.stringContaining("too large") as string },
      ]),
    );
  });

  it("gets an error that its token is in use while another one responds, and replaces one that does not", async () => {
    const app = await newApp();
    const { token } = await tokenOf(app);
    using first = await new SvixListener(node.url, token).hasStarted();
    using second = new SvixListener(node.url, token);
    expect(await second.hasClosed()).toEqual({ code: 1008, reason: "This socket is already in use" });
    expect(first.closed).toBeNull();
    const other = await newApp();
    const { token: otherToken } = await tokenOf(other);
    using frozen = await new SvixListener(node.url, otherToken, { isFrozen: true }).hasStarted();
    using awake = await new SvixListener(node.url, otherToken).hasStarted();
    await frozen.hasClosed();
    const message = await publish(other);
    await eventually(async () => expect(await attemptsOf(other, message)).toMatchObject([{ status: 0 }]));
    expect(awake.events).toHaveLength(1);
  });
});

describe("a listener", () => {
  it.each([
    ["with an unknown token", () => Promise.resolve(`c_${"x".repeat(27)}`)],
    ["with an API key", () => Promise.resolve(node.token)],
    ["with a revoked token", revokedToken],
  ])("%s gets nothing", async (_, token) => {
    using listener = new SvixListener(node.url, await token());
    expect(await listener.hasClosed()).toMatchObject({ code: 1008 });
    expect(listener.started).toBeNull();
  });

  it.each(["{", "[]", '{"type":"event","version":1,"data":{}}', '{"type":"start","version":1,"data":{"token":7}}'])(
    "that begins with %s is disconnected",
    async (text) => {
      const socket = new WebSocket(`${node.url.replace(/^http/, "ws")}/api/v1/listen/`);
      const closed = new Promise<number>((resolve) => socket.once("close", resolve));
      socket.once("open", () => socket.send(text));
      expect(await closed).toBe(1008);
    },
  );

  it("is disconnected when its token is revoked, and its events wait", async () => {
    const app = await newApp();
    const { id, token, endpointId } = await tokenOf(app);
    using listener = await new SvixListener(node.url, token).hasStarted();
    expect((await owner.call("DELETE", `app/${app}/relay/token/${id}`)).status).toBe(204);
    expect(await listener.hasClosed()).toMatchObject({ code: 1008, reason: "disconnected" });
    await eventually(async () => {
      const { json } = await owner.call("GET", `app/${app}/endpoint/${endpointId}/state`);
      expect(json["state"]).toBe("no_listener");
    });
    expect((await owner.call("DELETE", `app/${app}/relay/token/${id}`)).status).toBe(404);
  });

  it("is disconnected when the key that created its token is revoked", async () => {
    const app = await newApp();
    const scopes = ["read", "payloads:read", "endpoints:write"];
    const { json: key } = await owner.call("POST", "auth/api-key", { name: "CI", scopes });
    const { token } = await tokenOf(app, {}, owner.as(String(key["token"])));
    using listener = await new SvixListener(node.url, token).hasStarted();
    await owner.call("DELETE", `auth/api-key/${String(key["id"])}`);
    expect(await listener.hasClosed()).toMatchObject({ code: 1008, reason: "unauthorized" });
  });
});

/** A WebSocket as its server sees it. */
class ServerSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;

  terminate(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit("close");
  }
  close = (): void => this.terminate();
  send = (): void => undefined;
  ping = (): void => undefined;
}

it("is not connected after it disconnected while its session was read", async () => {
  const { token, endpointId } = await tokenOf(await newApp());
  const socket = new ServerSocket();
  let handle: (request: object, reply: object) => Promise<unknown> = () => Promise.reject(new Error("no route"));
  const app = { get: (_: string, handler: typeof handle) => (handle = handler) };
  const upgrades = { has: () => true, accept: (_: unknown, __: unknown, serve: (of: object) => void) => serve(socket) };
  registerTokenSocket(app as unknown as FastifyInstance, {
    services: node.services,
    upgrades: upgrades as unknown as SocketUpgrades,
    guarded: { add: () => undefined } as unknown as GuardedConnections,
  });
  await handle({ ip: "192.0.2.1", raw: {} }, {});
  const { relay, store } = node.services;
  const connect = vi.spyOn(relay, "connect");
  const original = store.db.selectFrom.bind(store.db);
  const select = vi.spyOn(store.db, "selectFrom");
  try {
    select.mockImplementation((...from) => {
      if (from[0] === ("endpoint" as never) && connect.mock.settledResults[0]?.type === "fulfilled") socket.terminate();
      return original(...from);
    });
    socket.emit("message", Buffer.from(JSON.stringify({ type: "start", version: 1, data: { token } })));
    await eventually(() => expect(socket.readyState).toBe(3));
  } finally {
    connect.mockRestore();
    select.mockRestore();
  }
  const endpoints = store.db.selectFrom("endpoint").select("id").where("public_id", "=", endpointId);
  await eventually(async () =>
    expect(
      await store.db.selectFrom("relay_session").select("id").where("endpoint_id", "in", endpoints).execute(),
    ).toEqual([]),
  );
});

async function revokedToken(): Promise<string> {
  const app = await newApp();
  const { id, token } = await tokenOf(app);
  await owner.call("DELETE", `app/${app}/relay/token/${id}`);
  return token;
}

describe("a listen token", () => {
  it.each(["endpoint", "application"])("ends with its %s, and cannot connect again", async (kind) => {
    const app = await newApp();
    const { token, endpointId } = await tokenOf(app);
    using listener = await new SvixListener(node.url, token).hasStarted();
    await owner.call("DELETE", kind === "endpoint" ? `app/${app}/endpoint/${endpointId}` : `app/${app}`);
    expect(await listener.hasClosed()).toMatchObject({ code: 1008 });
    const { db } = node.services.store;
    const endpoints = db.selectFrom("endpoint").select("id").where("public_id", "=", endpointId);
    const rows = db.selectFrom("listen_token").select("id").where("endpoint_id", "in", endpoints);
    expect(await rows.execute()).toEqual([]);
    using again = new SvixListener(node.url, token);
    expect(await again.hasClosed()).toMatchObject({ code: 1008 });
    expect(again.started).toBeNull();
  });

  it("whose endpoint an earlier version deleted does not connect", async () => {
    const app = await newApp();
    const { token, endpointId } = await tokenOf(app);
    await node.services.store.transaction(
      ({ db }) =>
        db.updateTable("endpoint").set({ deleted_at: Date.now() }).where("public_id", "=", endpointId).execute(),
      "test",
    );
    using listener = new SvixListener(node.url, token);
    expect(await listener.hasClosed()).toMatchObject({ code: 1008 });
  });

  it("does not change the selection of its endpoint, unless it is created with another one", async () => {
    const app = await newApp();
    for (const name of ["selected.first", "selected.second"])
      expect((await owner.call("POST", "event-type", { name, description: "Selected" })).status).toBe(201);
    const filter = { payload: { amount: { $gt: 10 } } };
    const { endpointId } = await tokenOf(app, { eventTypes: ["selected.first"], filter });
    const { db } = node.services.store;
    const stored = db.selectFrom("endpoint").select(["event_types_json", "filter_json"]);
    const selection = () => stored.where("public_id", "=", endpointId).executeTakeFirst();
    expect((await tokenOf(app)).endpointId).toBe(endpointId);
    expect(await selection()).toEqual({ event_types_json: '["selected.first"]', filter_json: JSON.stringify(filter) });
    await tokenOf(app, { eventTypes: ["selected.second"] });
    expect(await selection()).toEqual({ event_types_json: '["selected.second"]', filter_json: null });
  });

  it("can be created by customers only for their own application, and is listed without its secret", async () => {
    const [own, other] = [await newApp(), await newApp()];
    const customer = await owner.portal(["ViewBase", "ManageEndpoint"], own);
    const { id, token } = await tokenOf(own, {}, customer);
    expect((await customer.call("POST", `app/${other}/relay/token`, { name: "laptop" })).status).toBe(404);
    const { text, json } = await customer.call("GET", `app/${own}/relay/token`);
    expect(json["data"]).toMatchObject([{ id, name: "laptop", tokenCensored: `c_…${token.slice(-4)}` }]);
    expect(text).not.toContain(token);
    const viewer = await owner.portal(["ViewBase"], own);
    expect((await viewer.call("POST", `app/${own}/relay/token`, { name: "laptop" })).status).toBe(403);
    expect((await viewer.call("DELETE", `app/${own}/relay/token/${id}`)).status).toBe(403);
  });

  it("cannot be created with a key that may not read payloads, or one that is limited to networks", async () => {
    const app = await newApp();
    const limits = [
      { scopes: ["read", "endpoints:write"] },
      { scopes: ["read", "endpoints:write", "payloads:read"], networks: ["127.0.0.0/8", "::1/128"] },
    ];
    for (const limited of limits) {
      const { json } = await owner.call("POST", "auth/api-key", { name: "Key", ...limited });
      const { status } = await owner.as(String(json["token"])).call("POST", `app/${app}/relay/token`, { name: "a" });
      expect(status).toBe(403);
    }
  });

  it("expires", async () => {
    const app = await newApp();
    const { token } = await tokenOf(app, { expiry: 60 });
    await node.services.store.transaction(
      ({ db }) =>
        db
          .updateTable("listen_token")
          .set({ expires_at: Date.now() - 1 })
          .execute(),
      "test",
    );
    using listener = new SvixListener(node.url, token);
    expect(await listener.hasClosed()).toMatchObject({ code: 1008 });
    expect((await owner.call("GET", `app/${app}/relay/token`)).json["data"]).toEqual([]);
  });
});

it("can neither connect nor be created while the operator has not allowed listen tokens", async () => {
  using other = temporaryFolder();
  await using off = await startNode(other.path);
  const tenant = new Tenant(off);
  await tenant.call("POST", "app", { name: "App", uid: "app" });
  expect(await tenant.call("POST", "app/app/relay/token", { name: "a" })).toMatchObject({
    json: { code: "not_supported" },
  });
  using listener = new SvixListener(off.url, `c_${"x".repeat(27)}`);
  await listener.hasClosed();
  expect((await fetch(`${off.url}/api/v1/listen/`)).status).toBe(404);
});
