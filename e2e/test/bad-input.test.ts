import { createHmac } from "node:crypto";
import { makeToken, makeUnsignedToken, randomId, SEVERAL_ORGANISATIONS } from "@posthorn/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Result } from "../lib/api.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: SEVERAL_ORGANISATIONS });
const APP = "/api/v1/app/bad";

let endpoint: string;
let message: string;

beforeAll(async () => {
  await world.api.post("/api/v1/app", { name: "Bad input", uid: "bad" });
  await world.api.post("/api/v1/app", { name: "Other", uid: "other" });
  endpoint = (await world.api.post(`${APP}/endpoint`, { url: `${world.receiver.url}/hook` })).json.id;
  message = (await world.api.post(`${APP}/msg`, { eventType: "a", payload: {} })).json.id;
});

afterEach(async () => {
  const { status } = await world.api.get("/health", { token: null });
  if (status !== 204) throw new Error(`the server is no longer healthy: ${status}`);
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** A valid token except for these changes. */
function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { sub: world.server.organisation, iat: now(), exp: now() + 600, ...changes };
}

function tokenWith(alg: string, hash: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg, typ: "JWT" })}.${part(claims())}`;
  return `${signed}.${createHmac(hash, world.server.jwtSecret).update(signed).digest("base64url")}`;
}

/** Locations of the validation errors, such as `body.url`. */
function places({ json }: Result): string[] {
  return (json.detail as { loc: string[] }[]).map(({ loc }) => loc.join("."));
}

describe("a token", () => {
  it.each<[string, () => string | null]>([
    ["that is missing", () => null],
    ["of nonsense", () => "nonsense"],
    ["of three parts of nonsense", () => "a.b.c"],
    ["that has expired", () => makeToken(claims({ exp: now() - 1 }), world.server.jwtSecret)],
    ["that is not valid yet", () => makeToken(claims({ nbf: now() + 600 }), world.server.jwtSecret)],
    ["whose end is not a number", () => makeToken(claims({ exp: "never" }), world.server.jwtSecret)],
    ["signed with another secret", () => makeToken(claims(), "another secret that is long enough")],
    ["with alg none", () => makeUnsignedToken(claims())],
    ["with another algorithm of the same family", () => tokenWith("HS512", "sha512")],
    ["that claims HS256 but is signed in another way", () => tokenWith("HS256", "sha512")],
    [
      "with one letter of its claims changed",
      () => world.server.token.replace(/\.(.)/, (_all, first) => `.${first === "e" ? "f" : "e"}`),
    ],
    ["cut off", () => world.server.token.slice(0, -1)],
    ["that looks like a key but is not one", () => "phk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
    ["of ten thousand letters", () => "a".repeat(10_000)],
  ])("%s is rejected with 401 without a reason", async (_what, token) => {
    const response = await world.api.get("/api/v1/app", { token: token() });
    expect([response.status, response.json.code]).toEqual([401, "authentication_failed"]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["no subject", { sub: undefined }],
    ["a user", { sub: "user_123" }],
    ["an application of no organisation", { sub: randomId("app_") }],
    ["a list", { sub: ["org_x"] }],
  ])("that names %s is rejected with 401", async (_what, changes) => {
    const response = await world.api.get("/api/v1/app", { token: makeToken(claims(changes), world.server.jwtSecret) });
    expect([response.status, response.json.code]).toEqual([401, "bad_token"]);
  });

  it.each(["Basic abc", "Bearer", "Bearer a b", "token"])("in a malformed header is rejected: %s", async (header) => {
    const response = await world.api.get("/api/v1/app", { token: null, headers: { authorization: header } });
    expect(response.status).toBe(401);
  });

  it("is checked before the response reveals anything about the request", async () => {
    const response = await world.api.post("/api/v1/app", "{ not json", { token: "nonsense" });
    expect(response.status).toBe(401);
  });

  it("of another organisation cannot read this one", async () => {
    const stranger = world.api.as(world.server.tokenOf(randomId("org_")));
    for (const path of [APP, `${APP}/endpoint`, `${APP}/endpoint/${endpoint}`, `${APP}/msg/${message}`]) {
      expect((await stranger.get(path)).status).toBe(404);
    }
    expect((await stranger.get("/api/v1/app")).json.data).toEqual([]);
  });

  it("of one application cannot read another one or act for the organisation", async () => {
    const { token } = (await world.api.post("/api/v1/auth/app-portal-access/other", {})).json;
    const portal = world.api.as(token);
    expect((await portal.get("/api/v1/app/other/endpoint")).status).toBe(200);
    for (const path of [`${APP}/endpoint`, `${APP}/endpoint/${endpoint}`, `${APP}/msg/${message}`]) {
      expect((await portal.get(path)).status).toBe(404);
    }
    expect((await portal.delete(`${APP}/endpoint/${endpoint}`)).status).toBe(404);
    expect((await portal.patch(`${APP}/endpoint/${endpoint}`, { url: "https://example.com/" })).status).toBe(404);
    for (const denied of [
      portal.get("/api/v1/app"),
      portal.post("/api/v1/app/other/msg", { eventType: "a", payload: {} }),
    ]) {
      expect((await denied).status).toBe(403);
    }
  });

  it("with read access changes nothing", async () => {
    const { token } = (await world.api.post("/api/v1/auth/app-portal-access/bad", { readOnly: true })).json;
    const portal = world.api.as(token);
    expect((await portal.get(`${APP}/endpoint/${endpoint}`)).status).toBe(200);
    expect((await portal.get(`${APP}/endpoint/${endpoint}/secret`)).status).toBe(403);
    expect((await portal.post(`${APP}/endpoint`, { url: "https://example.com/" })).status).toBe(403);
    expect((await portal.delete(`${APP}/endpoint/${endpoint}`)).status).toBe(403);
  });
});

describe("an unknown id", () => {
  it.each<[string, string]>([
    ["GET", "/api/v1/app/app_000000000000000000000000000"],
    ["GET", "/api/v1/app/missing"],
    ["GET", "/api/v1/app/%00/endpoint"],
    ["GET", "/api/v1/app/..%2f..%2fetc%2fpasswd"],
    ["DELETE", "/api/v1/app/app_zzzzzzzzzzzzzzzzzzzzzzzzzzz"],
    ["GET", `${APP}/endpoint/ep_000000000000000000000000000`],
    ["PATCH", `${APP}/endpoint/missing`],
    ["POST", `${APP}/endpoint/missing/secret/rotate`],
    ["GET", `${APP}/msg/msg_000000000000000000000000000`],
    ["POST", `${APP}/msg/missing/endpoint/missing/resend`],
    ["GET", `${APP}/attempt/endpoint/missing`],
    ["GET", "/api/v1/event-type/missing"],
  ])("is answered with 404 and a code: %s %s", async (method, path) => {
    const response = await world.api.call(method, path, method === "GET" ? {} : { body: {} });
    expect([response.status, response.json.code]).toEqual([404, "not_found"]);
  });

  it.each<[string, string]>([
    ["GET", "/"],
    ["GET", "/api/v1/nothing"],
    ["PATCH", "/health"],
    ["DELETE", "/api/v1/app"],
    ["PUT", "/api/v1/app/bad/msg"],
    ["POST", "/api/v1/app/bad/msg/poller"],
    ["GET", "/api/v2/app"],
    ["PROPFIND", "/api/v1/app"],
    ["GET", "/api/v1/app/%E0%A4%A"],
    ["GET", "/api/v1/app/%ZZ/msg"],
    ["GET", `/api/v1/event-type/${"a".repeat(301)}`],
  ])("route or method is answered with 4xx JSON: %s %s", async (method, path) => {
    const response = await world.api.call(method, path);
    expect([400, 404]).toContain(response.status);
    expect(response.json).toMatchObject({ code: expect.any(String), detail: expect.any(String) });
  });
});

describe("a field", () => {
  const event = { eventType: "a", payload: {} };
  it.each<[string, string, string, object, string]>([
    ["a long name", "POST", "/api/v1/app", { name: "a".repeat(1025) }, "body.name"],
    ["a long uid", "POST", "/api/v1/app", { name: "a", uid: "a".repeat(257) }, "body.uid"],
    ["a uid that looks like an id", "POST", "/api/v1/app", { name: "a", uid: "app_1" }, "body.uid"],
    ["much metadata", "POST", "/api/v1/app", { name: "a", metadata: { a: "x".repeat(4096) } }, "body.metadata"],
    ["metadata of numbers", "POST", "/api/v1/app", { name: "a", metadata: { a: 1 } }, "body.metadata.a"],
    ["no name", "POST", "/api/v1/app", {}, "body.name"],
    ["a long event type", "POST", `${APP}/msg`, { ...event, eventType: "a".repeat(257) }, "body.eventType"],
    ["an event type of other letters", "POST", `${APP}/msg`, { ...event, eventType: "a b" }, "body.eventType"],
    ["a long channel", "POST", `${APP}/msg`, { ...event, channels: ["a".repeat(129)] }, "body.channels.[0]"],
    ["many channels", "POST", `${APP}/msg`, { ...event, channels: "abcdefghijk".split("") }, "body.channels"],
    ["many tags", "POST", `${APP}/msg`, { ...event, tags: "abcdef".split("") }, "body.tags"],
    ["an invalid date", "POST", `${APP}/msg`, { ...event, deliverAt: "tomorrow" }, "body.deliverAt"],
    ["a date in the past", "POST", `${APP}/msg`, { ...event, deliverAt: "2001-01-01T00:00:00Z" }, "body.deliverAt"],
    [
      "a retention below a day",
      "POST",
      `${APP}/msg`,
      { ...event, payloadRetentionPeriod: 0 },
      "body.payloadRetentionPeriod",
    ],
    [
      "a long description",
      "POST",
      `${APP}/endpoint`,
      { url: "https://example.com/", description: "a".repeat(65_537) },
      "body.description",
    ],
    [
      "a rate of nought",
      "POST",
      `${APP}/endpoint`,
      { url: "https://example.com/", throttleRate: 0 },
      "body.throttleRate",
    ],
    [
      "an unknown event type",
      "POST",
      `${APP}/endpoint`,
      { url: "https://example.com/", eventTypes: ["never.made"] },
      "body.eventTypes",
    ],
    [
      "a secret that is short",
      "POST",
      `${APP}/endpoint`,
      { url: "https://example.com/", secret: "whsec_AAAA" },
      "body.secret",
    ],
    [
      "a secret of nonsense",
      "POST",
      `${APP}/endpoint`,
      { url: "https://example.com/", secret: "nonsense" },
      "body.secret",
    ],
    ["a window of a month", "POST", "endpoint/recover", { since: "2020-01-01T00:00:00Z" }, "body.since"],
    [
      "a grace period of a year",
      "POST",
      "endpoint/secret/rotate",
      { gracePeriodSeconds: 31_536_000 },
      "body.gracePeriodSeconds",
    ],
    ["a body that is a list", "POST", "/api/v1/app", [], "body"],
  ])("with %s is rejected with 422 and its location", async (_what, method, path, body, place) => {
    const full = path.startsWith("/") ? path : `${APP}/endpoint/${endpoint}${path.slice("endpoint".length)}`;
    const response = await world.api.call(method, full, { body });
    expect(response.status).toBe(422);
    expect(places(response)).toEqual([place]);
  });

  it.each([
    "nonsense",
    "",
    "-",
    "app_000000000000000000000000000",
    "-msg_zzzzzzzzzzzzzzzzzzzzzzzzzzz",
    "a".repeat(301),
  ])("that is not an iterator of the list is refused with 422: %s", async (iterator) => {
    const response = await world.api.get(`${APP}/msg?iterator=${iterator}`);
    expect(response.status).toBe(422);
    expect(places(response)).toEqual(["query.iterator"]);
  });

  it.each([
    "limit=0",
    "limit=251",
    "limit=1.5",
    "limit=-1",
    "limit=abc",
    "limit=",
    "before=yesterday",
    "with_content=maybe",
  ])("in the query with an invalid value is rejected: %s", async (query) => {
    const response = await world.api.get(`${APP}/msg?${query}`);
    expect([400, 422]).toContain(response.status);
  });

  it.each([
    "__proto__=1",
    "__proto__[a]=1",
    "constructor[prototype][a]=1",
    "toString=1",
    "event_types[__proto__]=a",
    "%00=%00",
    "&&==&",
  ])("in the query that is unknown is ignored: %s", async (query) => {
    expect((await world.api.get(`${APP}/msg?${query}`)).status).toBe(200);
  });

  it("named like a property of every object is an ordinary field", async () => {
    const refused = await world.api.post("/api/v1/app", '{"__proto__":{"name":"inherited"}}');
    expect(refused.status).toBe(422);
    expect(places(refused)).toEqual(["body.name"]);
    const body = '{"name":"a","metadata":{"__proto__":"x","constructor":"y","toString":"z"}}';
    const created = await world.api.post("/api/v1/app", body);
    expect(created.status).toBe(201);
    expect(created.text).toContain('"metadata":{"__proto__":"x","constructor":"y","toString":"z"}');
    const shown = await world.api.get(`/api/v1/app/${created.json.id}`);
    expect(shown.text).toContain('"metadata":{"__proto__":"x","constructor":"y","toString":"z"}');
    expect((await world.api.post("/api/v1/app", {})).status).toBe(422);
  });
});

describe("the URL of an endpoint", () => {
  it.each([
    "",
    "nonsense",
    "/relative",
    "http://",
    "https://",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/plain,hi",
    "ftp://example.com/",
    "gopher://example.com/",
    "http://user:pass@example.com/",
    "http://user@example.com/",
    "https://example.com/#part",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\r\nx-evil: 1",
    "https://example.com/\u0000",
    "https://example.com:99999/",
    "https://example.com:22/",
    "https://example.com:6000/",
    "https://-example-.com/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://intranet/",
    `https://example.com/${"a".repeat(2048)}`,
    "https://[::1",
    "https://%00.example.com/",
  ])("is rejected with 422 and its location: %j", async (url) => {
    for (const response of [
      await world.api.post(`${APP}/endpoint`, { url }),
      await world.api.patch(`${APP}/endpoint/${endpoint}`, { url }),
    ]) {
      expect(response.status).toBe(422);
      expect(places(response)).toEqual(["body.url"]);
    }
  });

  it.each(["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/"])(
    "that points to a blocked target makes attempts fail, and is never called: %s",
    async (url) => {
      const app = `blocked-${randomId("a")}`;
      await world.api.post("/api/v1/app", { name: "Blocked", uid: app });
      await world.api.post(`/api/v1/app/${app}/endpoint`, { url });
      const { id } = (await world.api.post(`/api/v1/app/${app}/msg`, { eventType: "a", payload: {} })).json;
      const path = `/api/v1/app/${app}/attempt/msg/${id}`;
      const { data } = await expect
        .poll(async () => (await world.api.get(path)).json, { timeout: 60_000 })
        .toMatchObject({ data: [{ status: 2, responseStatusCode: 0 }] })
        .then(async () => (await world.api.get(path)).json);
      expect(["blocked_address", "blocked_url"]).toContain(data[0].errorCode);
    },
  );
});

describe("the headers of an endpoint", () => {
  const put = (headers: Record<string, string>) => world.api.put(`${APP}/endpoint/${endpoint}/headers`, { headers });

  it.each<[string, string]>([
    ["x-evil", "a\r\nx-injected: 1"],
    ["x-evil", "a\nb"],
    ["x-evil", "a\rb"],
    ["x-evil", "a\u0000b"],
    ["x-evil", "a\u007fb"],
    ["x-evil", "ł"],
    ["x-evil", "\ud800"],
    ["x-evil", "a".repeat(4097)],
    ["x evil", "a"],
    ["x-evil:", "a"],
    ["x-evil\r\nx-injected", "a"],
    ["é", "a"],
    ["a".repeat(257), "a"],
    ["host", "example.com"],
    ["Content-Length", "0"],
    ["transfer-encoding", "chunked"],
    ["connection", "close"],
    ["proxy-connection", "close"],
    ["upgrade", "h2c"],
    ["te", "trailers"],
    ["expect", "100-continue"],
    ["Webhook-Signature", "v1,forged"],
    ["webhook-id", "msg_forged"],
    ["svix-signature", "v1,forged"],
    ["user-agent", "other"],
  ])("that cannot be sent, or that customers may not set, are rejected: %j", async (name, value) => {
    for (const response of [
      await put({ [name]: value }),
      await world.api.patch(`${APP}/endpoint/${endpoint}/headers`, { headers: { [name]: value } }),
      await world.api.post(`${APP}/endpoint`, { url: "https://example.com/", headers: { [name]: value } }),
    ]) {
      expect(response.status).toBe(422);
      expect(places(response)[0]).toMatch(/^body\.headers/);
    }
  });

  it("are limited to a hundred, even when they are added one by one", async () => {
    const some = (from: number, count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${from + index}`, "a"]));
    expect((await put(some(0, 101))).status).toBe(422);
    expect((await put(some(0, 100))).status).toBe(204);
    expect((await world.api.patch(`${APP}/endpoint/${endpoint}/headers`, { headers: some(100, 1) })).status).toBe(422);
    expect((await put({})).status).toBe(204);
  });

  it("that are allowed arrive unchanged, and no others", async () => {
    const headers = { "X-Plain": "a b\tc", "x-latin": "caf\u00e9", __proto__x: "1", "x-empty": "" };
    expect((await put(headers)).status).toBe(204);
    const { id } = (await world.api.post(`${APP}/msg`, { eventType: "a", payload: {} })).json;
    const received = await world.receiver.waitFor((request) => request.headers["webhook-id"] === id);
    expect(received.headers).toMatchObject({
      "x-plain": "a b\tc",
      "x-latin": "caf\u00e9",
      __proto__x: "1",
      "x-empty": "",
    });
    expect((await put({})).status).toBe(204);
  });
});
