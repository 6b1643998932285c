/** Relay endpoints: messages go to listeners that connect to the server. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { eventually } from "@posthorn/testkit";
import { verify } from "@posthorn/webhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { invite, type ListenOptions, RelayClient } from "./support/relay-client.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

/** Fields of responses that tests read. */
interface Json {
  readonly id: string;
  readonly token: string;
  readonly key: string;
  readonly ingestUrl: string;
  readonly state: string;
  readonly data: readonly object[];
}

describe("relay endpoints", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let node: TestNode;
  let count = 0;

  beforeAll(async () => {
    folder = temporaryFolder();
    node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "1,3600" } });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function call(method: string, path: string, body?: object, token = node.token) {
    const response = await fetch(`${node.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, json: (text === "" ? null : JSON.parse(text)) as Json };
  }

  async function newApp(): Promise<string> {
    const app = `relay-${count++}`;
    expect((await call("POST", "/api/v1/app", { name: app, uid: app })).status).toBe(201);
    return app;
  }

  const publish = async (app: string, n = 1, payload: object = {}): Promise<string[]> => {
    const ids: string[] = [];
    for (let at = 0; at < n; at++) {
      const { json } = await call("POST", `/api/v1/app/${app}/msg`, {
        eventType: "invoice.paid",
        payload: { at, ...payload },
      });
      ids.push(json.id);
    }
    return ids;
  };

  const listen = (app: string, name: string, options: Partial<ListenOptions> = {}): Promise<RelayClient> =>
    RelayClient.listen({ url: node.url, token: node.token, app, name, ...options });

  const idsOf = ({ requests }: RelayClient): string[] => requests.map(({ message }) => message.id);

  /** Waits until the endpoint of a client has this many listeners. */
  const listenersOf = (app: string, { endpointId }: RelayClient, number: number): Promise<void> =>
    eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/endpoint/${endpointId}/relay/listener`);
      expect(json.data).toHaveLength(number);
    });

  const stateOf = async (app: string, endpoint: string): Promise<unknown> =>
    (await call(`GET`, `/api/v1/app/${app}/endpoint/${endpoint}/state`)).json.state;

  it("sends each message to the listener, signed, and records its response as the attempt", async () => {
    const app = await newApp();
    using client = await listen(app, "anna");
    client.respond = () => ({
      status: 201,
      headers: [["x-local", "yes"]],
      body: Buffer.from("done").toString("base64"),
    });
    const [id] = await publish(app);
    const [request] = await client.received(1);
    expect(request).toMatchObject({ method: "POST", message: { id, eventType: "invoice.paid", provider: null } });
    const { json } = await call("GET", `/api/v1/app/${app}/endpoint/${client.endpointId}/secret`);
    const body = Buffer.from(request!.body, "base64");
    await expect(verify({ headers: request!.headers, body }, json.key)).resolves.toMatchObject({ id });
    await eventually(async () => {
      const attempts = await call("GET", `/api/v1/app/${app}/attempt/msg/${id}`);
      expect(attempts.json.data).toMatchObject([{ status: 0, responseStatusCode: 201, response: "done" }]);
    });
  });

  it("keeps messages while no listener is connected, without using up attempts, and sends them to the next one", async () => {
    const app = await newApp();
    const first = await listen(app, "anna");
    first.drop();
    await eventually(async () => expect(await stateOf(app, first.endpointId)).toBe("no_listener"));
    const ids = await publish(app, 20);
    await eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/msg/${ids[0]!}/delivery`);
      expect(json.data).toMatchObject([{ attempts: 0, heldReason: "endpoint_without_listener" }]);
    });
    using second = await listen(app, "anna");
    expect(second.endpointId).toBe(first.endpointId);
    await second.received(20);
    expect(idsOf(second).toSorted()).toEqual(ids.toSorted());
    await eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/attempt/endpoint/${first.endpointId}`);
      expect(json.data).toHaveLength(20);
    });
  });

  it("resends messages that a listener did not respond to before it disappeared", async () => {
    const app = await newApp();
    const first = await listen(app, "anna");
    first.respond = () => null;
    const [id] = await publish(app);
    await first.received(1);
    first.drop();
    using second = await listen(app, "anna");
    await second.received(1);
    expect(idsOf(second)).toEqual([id]);
    const { json } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id!}`);
    expect(json.data.length).toBeLessThan(2);
  });

  it("closes a connection that does not acknowledge, like that of a sleeping machine, without using up an attempt", async () => {
    const app = await newApp();
    const asleep = await listen(app, "anna");
    asleep.acks = false;
    const [id] = await publish(app);
    expect(await asleep.ended()).toMatchObject({ reason: "unresponsive", reconnect: true });
    using awake = await listen(app, "anna");
    await awake.received(1);
    expect(idsOf(awake)).toEqual([id]);
    await eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id!}`);
      expect(json.data).toMatchObject([{ status: 0 }]);
    });
  });

  it("retries messages that the local server rejects, and reports why", async () => {
    const app = await newApp();
    using client = await listen(app, "anna");
    client.respond = ({ id }) => {
      if (client.requests.length > 1) return {};
      client.send({ type: "error", id, code: "refused", message: "Nothing listens on localhost:3000.", durationMs: 2 });
      return null;
    };
    const [id] = await publish(app);
    await client.received(2);
    await eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id!}`);
      expect(json.data).toMatchObject([{ status: 0 }, { status: 2, response: "Nothing listens on localhost:3000." }]);
    });
  });

  it("gives every listener of its own name each message (all)", async () => {
    const app = await newApp();
    using anna = await listen(app, "anna");
    using ben = await listen(app, "ben");
    using eve = await listen(app, "eve");
    const ids = await publish(app, 5);
    for (const client of [anna, ben, eve]) {
      await client.received(5);
      expect(idsOf(client).toSorted()).toEqual(ids.toSorted());
    }
  });

  it("gives each message to one of the listeners that share a name (one)", async () => {
    const app = await newApp();
    const options = { session: { share: "one" } };
    using anna = await listen(app, "team", { ...options, clientId: "client-anna" });
    using ben = await listen(app, "team", { ...options, clientId: "client-ben" });
    using eve = await listen(app, "team", { ...options, clientId: "client-eve" });
    await listenersOf(app, anna, 3);
    const ids = await publish(app, 30);
    await eventually(() => expect([anna, ben, eve].flatMap(idsOf)).toHaveLength(30));
    expect([anna, ben, eve].flatMap(idsOf).toSorted()).toEqual(ids.toSorted());
    for (const client of [anna, ben, eve]) expect(client.requests.length).toBeGreaterThan(0);
  });

  it("serves three developers in each mode: all get everything, one shares, exclusive has one at a time", async () => {
    const names = ["anna", "ben", "cleo"];
    const listenAll = (app: string, share: string): Promise<RelayClient>[] =>
      names.map((name) => {
        const own = share === "all" ? name : "team";
        return listen(app, own, { clientId: `client-${app}-${name}`, session: { share, clientName: name } });
      });
    const all = await newApp();
    const everyone = await Promise.all(listenAll(all, "all"));
    const published = await publish(all, 3);
    for (const client of everyone) {
      await client.received(3);
      expect(idsOf(client).toSorted()).toEqual(published.toSorted());
    }
    const shared = await newApp();
    const team = await Promise.all(listenAll(shared, "one"));
    await listenersOf(shared, team[0]!, 3);
    const split = await publish(shared, 9);
    await eventually(() => expect(team.flatMap(idsOf).toSorted()).toEqual(split.toSorted()));
    for (const client of team) expect(client.requests.length).toBeGreaterThan(0);
    const exclusive = await newApp();
    const results = await Promise.allSettled(listenAll(exclusive, "exclusive"));
    const [winner, ...others] = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(others).toEqual([]);
    const ids = await publish(exclusive, 3);
    await winner!.received(3);
    expect(idsOf(winner!).toSorted()).toEqual(ids.toSorted());
    for (const client of [...everyone, ...team, winner!]) client.drop();
  });

  it("rejects a second listener with an exclusive name, unless it takes over", async () => {
    const app = await newApp();
    const session = { share: "exclusive" };
    using anna = await listen(app, "team", {
      session: { ...session, clientName: "anna@laptop" },
      clientId: "client-anna",
    });
    await expect(listen(app, "team", { session, clientId: "client-ben" })).rejects.toThrow("409");
    using ben = await listen(app, "team", { session: { ...session, takeOver: true }, clientId: "client-ben" });
    expect(await anna.ended()).toMatchObject({ reason: "replaced", reconnect: false });
    const ids = await publish(app, 3);
    await ben.received(3);
    expect(idsOf(ben).toSorted()).toEqual(ids.toSorted());
  });

  it("lets a listener reconnect while its old connection still seems open", async () => {
    const app = await newApp();
    using before = await listen(app, "anna");
    using after = await listen(app, "anna");
    expect(await before.ended()).toMatchObject({ reconnect: false });
    const ids = await publish(app, 2);
    await after.received(2);
    expect(idsOf(after).toSorted()).toEqual(ids.toSorted());
  });

  it("forwards received requests byte for byte, with method, path, query and repeated headers", async () => {
    const { json: source } = await call("POST", "/ingest/api/v1/source", {
      name: "GitHub",
      type: "github",
      config: { secret: "it is a secret" },
    });
    using client = await listen(source.id, "anna", { clientId: "client-source" });
    const body = Buffer.from([0, 255, 254, 123, 13, 10, 0, 128]);
    const signature = `sha256=${createHmac("sha256", "it is a secret").update(body).digest("hex")}`;
    const headers = ["Content-Type", "application/octet-stream", "X-GitHub-Event", "push", "X-GitHub-Delivery", "8f2c"];
    headers.push("X-Hub-Signature-256", signature, "X-Trace", "one", "x-trace", "two");
    expect(await postRaw(`${source.ingestUrl}/some/path%20x?b=2&a=1&b=%C3%BC`, headers, body)).toBeLessThan(300);
    const [request] = await client.received(1);
    expect(request).toMatchObject({
      method: "POST",
      path: "/some/path%20x?b=2&a=1&b=%C3%BC",
      message: { provider: "github" },
    });
    expect(Buffer.from(request!.body, "base64")).toEqual(body);
    expect(request!.headers).toContainEqual(["X-Hub-Signature-256", signature]);
    expect(request!.headers.filter(([name]) => name.toLowerCase() === "x-trace")).toEqual([
      ["X-Trace", "one"],
      ["x-trace", "two"],
    ]);
  });

  it("closes the connection when its token ends, and says that reconnecting is useless", async () => {
    const app = await newApp();
    const { json: key } = await call("POST", "/api/v1/auth/api-key", {
      name: "laptop",
      scopes: ["read", "endpoints:write", "payloads:read"],
    });
    using client = await listen(app, "anna", { token: key.token });
    const { status } = await call("DELETE", `/api/v1/auth/api-key/${key.id}`);
    expect(status).toBe(204);
    expect(await client.ended()).toMatchObject({ reason: "unauthorized", reconnect: false });
    await expect(invite({ url: node.url, token: key.token, app, name: "anna" })).rejects.toThrow("401");
  });

  it("rejects tokens that may not read payloads, and a wrong token in the first frame", async () => {
    const app = await newApp();
    const { json: key } = await call("POST", "/api/v1/auth/api-key", {
      name: "blind",
      scopes: ["read", "endpoints:write"],
    });
    await expect(listen(app, "anna", { token: key.token })).rejects.toThrow("403");
    using right = await listen(app, "anna", { tokenInFrame: true });
    expect(right.frames[0]).toMatchObject({ type: "hello" });
    const other = await node.tokenOf("org_0000000000000000000000other");
    const { ticket } = await invite({ url: node.url, token: node.token, app, name: "anna" });
    const response = await fetch(`${node.url}/api/v1/relay/stream?ticket=${ticket}`, {
      headers: { authorization: `Bearer ${other}` },
    });
    expect(response.status).toBe(403);
  });

  it("needs the permission to replay for messages of the past", async () => {
    const app = await newApp();
    const scopes = ["read", "endpoints:write", "payloads:read"];
    const { json: key } = await call("POST", "/api/v1/auth/api-key", { name: "laptop", scopes });
    const session = { since: new Date(Date.now() - 60_000).toISOString() };
    await expect(listen(app, "anna", { token: key.token, session })).rejects.toThrow("messages:replay");
  });

  it("rejects a token that may not see sources, even with a ticket for one", async () => {
    const config = { secret: "it is a secret" };
    const { json: source } = await call("POST", "/ingest/api/v1/source", { name: "Hub", type: "github", config });
    const scopes = ["read", "endpoints:write", "payloads:read"];
    const { json: key } = await call("POST", "/api/v1/auth/api-key", { name: "laptop", scopes });
    const { ticket } = await invite({ url: node.url, token: node.token, app: source.id, name: "anna" });
    const response = await fetch(`${node.url}/api/v1/relay/stream?ticket=${ticket}`, {
      headers: { authorization: `Bearer ${key.token}` },
    });
    expect(response.status).toBe(403);
  });

  it("reads the body of a request whose client offers another protocol", async () => {
    const app = await newApp();
    const headers = ["Authorization", `Bearer ${node.token}`, "Connection", "Upgrade, HTTP2-Settings"];
    headers.push("Upgrade", "h2c", "HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA");
    const body = Buffer.from(JSON.stringify({ eventType: "invoice.paid", payload: {} }));
    headers.push("Content-Type", "application/json", "Content-Length", String(body.byteLength));
    expect(await postRaw(`${node.url}/api/v1/app/${app}/msg`, headers, body)).toBe(202);
  });

  it("removes a listener whose handshake fails", async () => {
    const app = await newApp();
    const { ticket, endpointId } = await invite({ url: node.url, token: node.token, app, name: "anna" });
    const headers = { authorization: `Bearer ${node.token}`, connection: "Upgrade", upgrade: "websocket" };
    const wrong = { ...headers, "sec-websocket-version": "12", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const sent = httpRequest(`${node.url}/api/v1/relay/socket?ticket=${ticket}`, { headers: wrong });
    sent.on("error", () => undefined);
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    response.resume();
    await eventually(async () => expect(await stateOf(app, endpointId)).toBe("no_listener"), { timeoutMs: 15_000 });
    using other = await listen(app, "anna", { clientId: "client-other" });
    expect(other.frames[0]).toMatchObject({ type: "hello" });
  });

  it("accepts a ticket once", async () => {
    const app = await newApp();
    const { ticket } = await invite({ url: node.url, token: node.token, app, name: "anna" });
    const open = () =>
      fetch(`${node.url}/api/v1/relay/stream?ticket=${ticket}`, { headers: { authorization: `Bearer ${node.token}` } });
    const first = await open();
    expect(first.status).toBe(200);
    expect((await open()).status).toBe(401);
    await first.body?.cancel();
  });

  it("closes a connection with invalid frames, and no other", async () => {
    const app = await newApp();
    using other = await listen(app, "ben");
    for (const text of ["", "{", "[]", '{"type":"nothing"}', '{"type":"response","id":"x","status":"200"}']) {
      using client = await listen(app, "anna");
      client.sendText(text);
      expect(await client.ended()).toMatchObject({ reason: "protocol" });
    }
    await publish(app);
    await other.received(1);
  });

  it("works with an event stream if WebSockets are blocked", async () => {
    const app = await newApp();
    const { ticket, id: session } = await invite({ url: node.url, token: node.token, app, name: "anna" });
    const response = await fetch(`${node.url}/api/v1/relay/stream?ticket=${ticket}`, {
      headers: { authorization: `Bearer ${node.token}` },
    });
    const [id] = await publish(app);
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const request = /data: (\{"type":"request".*\})\n\n/.exec(text)?.[1];
      if (request === undefined) continue;
      const frame = JSON.parse(request) as { id: string };
      const answer = {
        type: "response",
        id: frame.id,
        status: 204,
        headers: [],
        body: "",
        truncated: false,
        durationMs: 3,
      };
      const frames = [JSON.stringify({ type: "ack", id: frame.id }), JSON.stringify(answer)];
      expect((await call("POST", `/api/v1/app/${app}/relay/session/${session}/frame`, { frames })).status).toBe(204);
      break;
    }
    await eventually(async () => {
      const { json } = await call("GET", `/api/v1/app/${app}/attempt/msg/${id!}`);
      expect(json.data).toMatchObject([{ status: 0, responseStatusCode: 204 }]);
    });
  });

  it("resends and replays to a listener like to any endpoint", async () => {
    const app = await newApp();
    using client = await listen(app, "anna");
    const [id] = await publish(app);
    await client.received(1);
    const { status } = await call("POST", `/api/v1/app/${app}/msg/${id!}/endpoint/${client.endpointId}/resend`, {});
    expect(status).toBe(202);
    await client.received(2);
    expect(idsOf(client)).toEqual([id, id]);
  });

  it("catches up from a time, and discards all except the newest waiting messages", async () => {
    const app = await newApp();
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const ids = await publish(app, 6);
    const first = await listen(app, "anna", { session: { since } });
    await first.received(6);
    expect(idsOf(first).toSorted()).toEqual(ids.toSorted());
    first.drop();
    await eventually(async () => expect(await stateOf(app, first.endpointId)).toBe("no_listener"));
    const later = await publish(app, 6);
    using second = await listen(app, "anna", { session: { backlog: 2 } });
    await second.received(2);
    const [last] = await publish(app);
    await second.received(3);
    expect(idsOf(second).toSorted()).toEqual([...later.slice(-2), last!].toSorted());
  });

  it("filters by names and prefixes of event types, and by content", async () => {
    const app = await newApp();
    using client = await listen(app, "anna", {
      session: { eventTypes: ["invoice.*"], filter: { body: { at: 1 } } },
    });
    const ids = await publish(app, 3);
    await call("POST", `/api/v1/app/${app}/msg`, { eventType: "order.paid", payload: { at: 1 } });
    await client.received(1);
    expect(idsOf(client)).toEqual([ids[1]]);
  });

  it("keeps messages over a restart of the server", async () => {
    const app = await newApp();
    const client = await listen(app, "anna");
    client.respond = () => null;
    const [one] = await publish(app);
    await client.received(1);
    await node[Symbol.asyncDispose]();
    expect(client.bye).toMatchObject({ reason: "shutdown", reconnect: true });
    node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "1,3600" } });
    const [two] = await publish(app);
    using again = await listen(app, "anna");
    await again.received(2);
    expect(idsOf(again).toSorted()).toEqual([one!, two!].toSorted());
  });
});

describe.runIf(onPostgres)("relay endpoints of several nodes", () => {
  it("reach listeners of a different node than the one that makes the attempt, and keep working when a node ends", async () => {
    using folder = temporaryFolder();
    const env = { POSTHORN_RETRY_SCHEDULE: "1,3600" };
    await using one = await startNode(folder.path, { env });
    const two = await startNode(folder.path, { env });
    const call = async (method: string, path: string, body?: object) => {
      const headers = { authorization: `Bearer ${one.token}` };
      const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
      const response = await fetch(`${one.url}/api/v1${path}`, init);
      return (await response.json()) as { id: string; data: { status: number }[] };
    };
    await call("POST", "/app", { name: "nodes", uid: "nodes" });
    const listen = ({ url }: TestNode, name: string) =>
      RelayClient.listen({ url, token: one.token, app: "nodes", name });
    // With this many endpoints, each node has lanes of listeners that are connected to the other one.
    const names = Array.from({ length: 8 }, (_, index) => `name-${index}`);
    const clients = [];
    for (const [index, name] of names.entries()) clients.push(await listen(index % 2 === 0 ? one : two, name));
    const ids: string[] = [];
    const publish = async () => ids.push((await call("POST", "/app/nodes/msg", { eventType: "a", payload: {} })).id);
    for (let at = 0; at < 5; at++) await publish();
    for (const client of clients) {
      await client.received(5);
      expect(client.requests.map(({ message }) => message.id).toSorted()).toEqual(ids.toSorted());
    }
    await eventually(async () => {
      const { data } = await call("GET", `/app/nodes/attempt/msg/${ids[0]!}`);
      expect(data.map(({ status }) => status)).toEqual(names.map(() => 0));
    });
    await two[Symbol.asyncDispose]();
    await publish();
    const moved = [];
    for (const name of names.filter((_, index) => index % 2 === 1)) moved.push(await listen(one, name));
    for (const client of moved) {
      await client.received(1);
      expect(client.requests.map(({ message }) => message.id)).toContain(ids[5]);
    }
    for (const client of [...clients, ...moved]) client.drop();
  });
});

/** Sends headers unchanged, with repetitions. Returns the status. */
function postRaw(url: string, headers: readonly string[], body: Uint8Array): Promise<number> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { method: "POST", hostname, port, path: `${pathname}${search}`, headers: ["Host", "localhost", ...headers] },
      (response) => {
        response.resume();
        resolve(response.statusCode!);
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}
