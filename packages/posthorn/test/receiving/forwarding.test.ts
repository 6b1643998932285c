import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { createVerifier, verify } from "@posthorn/webhooks";
import { sign } from "@posthorn/webhooks";
import { verifyProvider } from "@posthorn/webhooks/provider";
import { github } from "@posthorn/webhooks/providers/github";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
beforeEach(() => gateway.receiver.clear());
afterAll(() => gateway[Symbol.asyncDispose]());

const BODY = '{"ref":"main","n":1.0}';
const generic = (verification: object = { scheme: "none" }) => ({ type: "generic-webhook", verification });

async function endpointsOf(source: TestSource): Promise<string[]> {
  const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/endpoint?order=ascending`);
  return (json["data"] as { id: string }[]).map(({ id }) => id);
}

async function secretOf(source: TestSource): Promise<string> {
  const [endpoint] = await endpointsOf(source);
  const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/endpoint/${endpoint!}/secret`);
  return json["key"] as string;
}

describe("a forwarded request", () => {
  it("verifies again at the target, with the secret of the provider", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } });
    await send(source.url, BODY, githubHeaders("s", BODY, "d"));
    const [passed] = await gateway.receiver.waitForCount(1);
    const request = { method: "POST", url: "http://target/", headers: passed!.headers, body: passed!.body };
    expect(await verifyProvider(github, request, { secrets: "s" })).toMatchObject({ ok: true, trust: "signed" });
  });

  it("keeps a provider's own webhook headers, and our signature uses other names", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const source = await gateway.source({ ...generic({ scheme: "standard-webhooks" }), config: { secret } });
    const body = '{"type":"a.b"}';
    const headers = await sign({ id: "msg_of_theirs", body }, secret);
    expect((await send(source.url, body, { ...headers })).status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.headers["webhook-id"]).toBe("msg_of_theirs");
    await verify({ headers: passed!.headers, body: passed!.body }, secret);
    const verifier = createVerifier(await secretOf(source), { headerPrefixes: ["svix"] });
    await verifier.verify({ headers: passed!.headers, body: passed!.body });
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "a.b", eventId: "msg_of_theirs" }]);
  });

  it.each([
    ["compressed", gzipSync("{}"), { "content-type": "application/json", "content-encoding": "gzip" }],
    ["binary", Buffer.from([0, 255, 254, 10, 13]), { "content-type": "application/octet-stream" }],
    [
      "XML with a document type",
      Buffer.from('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
      { "content-type": "text/xml" },
    ],
    ["a form", Buffer.from("a=1&a=2&b=%C3%A4"), { "content-type": "application/x-www-form-urlencoded" }],
    ["of an invalid type", Buffer.from("{}"), { "content-type": ";;;" }],
    ["empty", Buffer.alloc(0), { "x-goog-resource-state": "sync" }],
  ])("keeps a body that is %s byte for byte", async (_, body, headers) => {
    const source = await gateway.source(generic());
    expect((await send(source.url, new Uint8Array(body), headers as Record<string, string>)).status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.body.equals(body)).toBe(true);
    expect(passed!.headers).toMatchObject(headers);
  });

  it("is complete if it is large", async () => {
    const source = await gateway.source(generic());
    const body = Buffer.alloc(6 * 1024 * 1024, "0123456789abcdef");
    expect((await send(source.url, new Uint8Array(body))).status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.body.equals(body)).toBe(true);
  });

  it("has no hop-by-hop headers, and none that imitate ours", async () => {
    const source = await gateway.source(generic());
    await send(source.url, "{}", {
      "x-posthorn-trust": "signed",
      "x-mine": "1",
      te: "trailers",
      "accept-encoding": "gzip",
    });
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.headers).toMatchObject({ "x-posthorn-trust": "none", "x-mine": "1", "accept-encoding": "identity" });
    expect(passed!.headers).not.toHaveProperty("te");
    expect(passed!.headers["host"]).toBe(new URL(gateway.receiver.url).host);
  });

  it("has the user agent of the provider, and no header that `Connection` names", async () => {
    const source = await gateway.source(generic());
    const headers = { connection: "X-Once, close", "x-once": "1", "x-more": "1", "user-agent": "Theirs/1" };
    await once(httpRequest(source.url, { method: "POST", headers }).end("{}"), "response");
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.headers).toMatchObject({ "x-more": "1", "user-agent": "Theirs/1" });
    expect(passed!.headers).not.toHaveProperty("x-once");
  });

  it("has method, path and query of the original request if the endpoint requests them", async () => {
    const source = await gateway.source({ ...generic(), methods: ["POST", "PUT"] });
    const [endpoint] = await endpointsOf(source);
    await send(`${source.url}/a%2Fb/c?x=1&x=2`, "{}", {}, "PUT");
    const path = `ingest/api/v1/source/${source.id}/endpoint/${endpoint!}/forwarding`;
    expect((await gateway.call("PUT", path, { method: true, path: true, query: true })).status).toBe(204);
    await send(`${source.url}/a%2Fb/c?x=1&x=2`, "{}", {}, "PUT");
    const requests = await gateway.receiver.waitForCount(2);
    expect(requests.map((request) => `${request.method} ${request.path}`)).toEqual([
      "POST /target",
      "PUT /target/a%2Fb/c?x=1&x=2",
    ]);
    expect((await gateway.call("GET", path)).json).toEqual({ method: true, path: true, query: true });
  });

  it("has the credentials of the provider, which are not shown anywhere", async () => {
    const source = await gateway.source({ ...generic({ scheme: "bearer" }), secrets: ["t0p-secret"] });
    await send(source.url, "{}", { authorization: "Bearer t0p-secret" });
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.headers["authorization"]).toBe("Bearer t0p-secret");
    const [message] = await gateway.messages(source);
    const event = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event/${message!["id"] as string}`);
    expect(event.json["headers"]).toContainEqual({ name: "authorization", value: "***" });
    const attempts = await eventually(async () => {
      const list = await gateway.call("GET", `api/v1/app/${source.id}/attempt/msg/${message!["id"] as string}`);
      expect(list.json["data"]).toHaveLength(1);
      return list.json["data"] as { id: string }[];
    });
    const path = `api/v1/app/${source.id}/msg/${message!["id"] as string}/attempt/${attempts[0]!.id}`;
    const detail = await gateway.call("GET", path);
    expect(detail.text).toContain("authorization");
    expect(`${event.text}${detail.text}`).not.toContain("t0p-secret");
  });

  it.each([
    ["path", "/t0p-secret/x", { scheme: "api-key", in: "query", name: "key" }],
    ["query", "?key=t0p-secret", { scheme: "api-key", in: "query", name: "key" }],
  ])("has the secret in its %s if the endpoint requests it, and nothing else shows it", async (_, suffix, scheme) => {
    const source = await gateway.source({ ...generic(scheme), secrets: ["t0p-secret"] });
    const [endpoint] = await endpointsOf(source);
    const path = `ingest/api/v1/source/${source.id}/endpoint/${endpoint!}/forwarding`;
    await gateway.call("PUT", path, { method: false, path: true, query: true });
    expect((await send(source.url + suffix, "{}")).status).toBe(200);
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.path).toBe(`/target${suffix}`);
    const [message] = await gateway.messages(source);
    const id = message!["id"] as string;
    const event = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event/${id}`);
    expect(event.text).toContain("***");
    const attempts = await eventually(async () => {
      const list = await gateway.call("GET", `api/v1/app/${source.id}/attempt/msg/${id}`);
      expect(list.json["data"]).toHaveLength(1);
      return list.text;
    });
    expect(`${event.text}${attempts}`).not.toContain("t0p-secret");
  });

  it("has the endpoint's own headers instead of the request's", async () => {
    const source = await gateway.source(generic(), { headers: { Authorization: "Bearer of-the-target" } });
    await send(source.url, "{}", { authorization: "Bearer of-the-sender" });
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(passed!.rawHeaders.filter((name) => name.toLowerCase() === "authorization")).toHaveLength(1);
    expect(passed!.headers["authorization"]).toBe("Bearer of-the-target");
  });
});

describe("routes", () => {
  it("match type, body, headers, query and path; an event without a match is stored with the reason", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } }, { eventTypes: ["push"] });
    const second = { url: `${gateway.receiver.url}/second`, uid: "second" };
    await gateway.call("POST", `ingest/api/v1/source/${source.id}/endpoint`, second);
    const filter = {
      body: { ref: "main" },
      headers: { "x-team": "a" },
      query: { env: "prod" },
      path: { $startsWith: "/hooks" },
    };
    const path = `api/v1/app/${source.id}/endpoint/second/filter`;
    expect((await gateway.call("PUT", path, { filter })).status).toBe(204);
    const deliver = (url: string, id: string, event: string, team: string) =>
      send(url, BODY, { ...githubHeaders("s", BODY, id, event), "x-team": team });
    await deliver(`${source.url}/hooks/x?env=prod`, "both", "push", "a");
    await deliver(`${source.url}/hooks/x?env=dev`, "one", "push", "a");
    await deliver(source.url, "none", "star", "b");
    await gateway.receiver.waitForCount(3);
    const got = gateway.receiver.requests.map((request) => `${request.path} ${request.headers["x-github-delivery"]}`);
    expect(got.sort()).toEqual(["/second both", "/target both", "/target one"]);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event?unmatched=true`);
    const [left] = json["data"] as Record<string, unknown>[];
    expect(json["data"]).toHaveLength(1);
    expect(left).toMatchObject({
      deliveryId: "none",
      eventType: "star",
      routing: "no_match",
      matched: 0,
      unmatched: 2,
    });
    const matching = await gateway.call("GET", `api/v1/app/${source.id}/msg/${left!["id"] as string}/matching`);
    expect(matching.json["reasons"]).toMatchObject([{ reason: "filter" }, { reason: "event_type" }]);
  });

  it("are drawn as nodes and edges", async () => {
    const source = await gateway.source(generic(), { uid: "a", eventTypes: ["x"] });
    const base = `ingest/api/v1/source/${source.id}`;
    await gateway.call("PATCH", `${base}/endpoint/a/transformation`, {
      code: "function handler(webhook) { webhook.payload.seen = true; return webhook; }",
      enabled: true,
    });
    const [endpoint] = await endpointsOf(source);
    const { json } = await gateway.call("GET", `${base}/graph`);
    expect((json["nodes"] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      "source",
      "filter",
      "transformation",
      "endpoint",
    ]);
    expect(json["edges"]).toEqual([
      { from: source.id, to: `filter:${endpoint!}` },
      { from: `filter:${endpoint!}`, to: `transformation:${endpoint!}` },
      { from: `transformation:${endpoint!}`, to: endpoint },
    ]);
  });

  it("with a transformation send its result, and keep the headers that do not describe the body", async () => {
    const source = await gateway.source({ type: "github", config: { secret: "s" } }, { uid: "a" });
    await gateway.call("PATCH", `ingest/api/v1/source/${source.id}/endpoint/a/transformation`, {
      code: "function handler(webhook) { webhook.payload = { of: webhook.payload.ref }; return webhook; }",
      enabled: true,
    });
    await send(source.url, BODY, githubHeaders("s", BODY, "d"));
    const [passed] = await gateway.receiver.waitForCount(1);
    expect(JSON.parse(passed!.body.toString())).toEqual({ of: "main" });
    expect(passed!.headers).toMatchObject({ "x-github-event": "push", "x-posthorn-provider": "github" });
    expect(passed!.rawHeaders.filter((name) => name.toLowerCase() === "content-type")).toHaveLength(1);
    await verify({ headers: passed!.headers, body: passed!.body }, await secretOf(source));
  });
});

describe("an endpoint that sends back to its own source", () => {
  it("receives a webhook a limited number of times, and the last attempt names the reason", async () => {
    const source = await gateway.source(generic(), false);
    const path = `ingest/api/v1/source/${source.id}/endpoint`;
    expect((await gateway.call("POST", path, { url: source.url })).status).toBe(201);
    expect((await send(source.url, BODY)).status).toBe(200);
    await eventually(async () => expect(await gateway.messages(source)).toHaveLength(8));
    await eventually(async () => {
      const [last] = await gateway.messages(source);
      const { json } = await gateway.call("GET", `api/v1/app/${source.id}/attempt/msg/${last!["id"] as string}`);
      const attempt = { responseStatusCode: 508, response: expect.stringContaining("loop_detected") as string };
      expect(json["data"]).toMatchObject([attempt]);
    });
    expect(await gateway.messages(source)).toHaveLength(8);
  });

  it.each([
    ["posthorn", (url: string) => ({ url })],
    ["cloudEvents", (url: string) => ({ url, mode: "structured" })],
  ])("ends in the same way if it is of the kind %s", async (kind, config) => {
    const source = await gateway.source(generic(), false);
    const path = `ingest/api/v1/source/${source.id}/endpoint`;
    const created = await gateway.call("POST", path, { kind, config: config(source.url) });
    expect(created.text).toContain(kind);
    expect((await send(source.url, BODY)).status).toBe(200);
    await eventually(async () => expect(await gateway.messages(source)).toHaveLength(8));
    await eventually(async () => {
      const [last] = await gateway.messages(source);
      const { json } = await gateway.call("GET", `api/v1/app/${source.id}/attempt/msg/${last!["id"] as string}`);
      expect(json["data"]).toMatchObject([{ responseStatusCode: 508 }]);
    });
    expect(await gateway.messages(source)).toHaveLength(8);
  });

  it("is distinguished from one that forwards elsewhere: each forwarded request contains its count", async () => {
    const source = await gateway.source(generic());
    // The second one may have been added by code or a header of an endpoint.
    await send(source.url, BODY, { "x-posthorn-hops": "4, 0" });
    await send(source.url, BODY, { "X-Posthorn-Hops": "of course not" });
    const passed = await gateway.receiver.waitForCount(2);
    const hops = new Set(passed.map(({ headers }) => headers["x-posthorn-hops"]));
    expect(hops).toEqual(new Set(["1", "5"]));
    expect((await send(source.url, BODY, { "x-posthorn-hops": "8" })).status).toBe(508);
  });
});
