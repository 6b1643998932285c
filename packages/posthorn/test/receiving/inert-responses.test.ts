/** Responses under `/in/` that an attacker controls, as a browser would interpret them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway, type TestSource } from "../support/gateway.ts";
import { rawRequest } from "../support/raw-http.ts";

const POLICY = "default-src 'none'; sandbox";
const OPEN = {
  type: "generic-webhook",
  verification: { scheme: "none" },
  methods: ["POST", "GET", "PUT", "DELETE"],
  deduplication: "off",
};

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({ POSTHORN_RETRY_SCHEDULE: "", POSTHORN_SHUTDOWN_TIMEOUT: "0" });
});
beforeEach(() => {
  gateway.receiver.clear();
  gateway.receiver.respondWith(204);
});
afterAll(() => gateway[Symbol.asyncDispose]());

function expectInert(headers: Headers): void {
  expect(headers.get("content-security-policy")).toBe(POLICY);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  for (const name of ["service-worker-allowed", "set-cookie", "location", "access-control-allow-origin"]) {
    expect(headers.get(name)).toBeNull();
  }
}

/** Writes headers into the row of a source that the API would reject today. */
async function storeHeaders({ id }: TestSource, headers: object): Promise<void> {
  const { store, sources } = gateway.node.services;
  await store.transaction(async ({ db }) => {
    const query = db.selectFrom("source").select("settings_json").where("public_id", "=", id);
    const settings = JSON.parse((await query.executeTakeFirstOrThrow()).settings_json) as { response: object };
    const changed = JSON.stringify({ ...settings, response: { ...settings.response, headers } });
    await db.updateTable("source").set({ settings_json: changed }).where("public_id", "=", id).execute();
  }, "test");
  sources.clear();
}

const withResponse = (response: object) => gateway.source({ ...OPEN, response }, false);

describe("every response under /in/", () => {
  const unknown = `/in/${"0".repeat(40)}`;

  it.each([
    ["GET", unknown],
    ["POST", unknown],
    ["OPTIONS", unknown],
    ["HEAD", unknown],
    ["PROPFIND", unknown],
    ["GET", "/in"],
    ["GET", "/in/"],
    ["GET", "/in/x"],
    ["GET", `/in/${"x".repeat(400)}`],
    ["GET", "/in/%zz"],
    ["GET", "/in%2fx"],
    ["GET", "//in/x"],
    ["GET", "/IN/x"],
  ])("has the policy and nosniff if there is no source: %s %s", async (method, path) => {
    const { hostname, port } = new URL(gateway.node.url);
    const response = await rawRequest(
      gateway.node.url,
      `${method} ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: text/html\r\nconnection: close\r\n\r\n`,
    );
    expect(response).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(response.toLowerCase()).toContain(`content-security-policy: ${POLICY}\r\n`);
    expect(response.toLowerCase()).toContain("x-content-type-options: nosniff\r\n");
  });

  it.each([
    ["no Host", `GET ${unknown} HTTP/1.1\r\n\r\n`, 400],
    ["an expectation", `POST ${unknown} HTTP/1.1\r\nhost: a\r\nexpect: x\r\ncontent-length: 0\r\n\r\n`, 417],
    ["bytes that are no HTTP", `GET ${unknown} HTTP/9.9\r\n\r\n`, 400],
    ["headers that are too large", `GET ${unknown} HTTP/1.1\r\nhost: a\r\nx: ${"a".repeat(40_000)}\r\n\r\n`, 431],
  ])("has them if the request is rejected before routing: %s", async (_what, text, status) => {
    const response = await rawRequest(gateway.node.url, text);
    expect(response.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(response).toContain(`content-security-policy: ${POLICY}\r\n`);
    expect(response).toContain("x-content-type-options: nosniff\r\n");
  });

  it("has them for every outcome of a source: accepted, rejected, too large, wrong method, handshake, empty", async () => {
    const github = await gateway.source({ type: "github", secrets: ["s"], maxBodyBytes: 100 }, false);
    const slack = await gateway.source({ type: "slack", secrets: ["s"] }, false);
    const meta = await gateway.source({ type: "meta", secrets: ["s"], config: { verifyToken: "v" } }, false);
    const events = await gateway.source({ type: "cloudevents", secrets: ["s"] }, false).catch(() => github);
    const body = '{"a":1}';
    const responses = [
      await send(github.url, body, githubHeaders("s", body, "1")),
      await send(github.url, body, githubHeaders("wrong", body, "2")),
      await send(github.url, "x".repeat(200)),
      await send(github.url, "", {}, "GET"),
      await send(github.url, "", {}, "HEAD"),
      await send(github.url, "", { "webhook-request-origin": "a.example" }, "OPTIONS"),
      await send(events.url, "", { "webhook-request-origin": "a.example" }, "OPTIONS"),
      await send(slack.url, '{"type":"url_verification","challenge":"<script>"}'),
      await send(`${meta.url}?hub.mode=subscribe&hub.verify_token=v&hub.challenge=%3Cscript%3E`, "", {}, "GET"),
      await send((await withResponse({ status: 204 })).url, "{}"),
      await send((await withResponse({ status: 205, body: "x" })).url, "{}"),
      await send((await withResponse({ status: 304, body: "x" })).url, "{}"),
      await send((await withResponse({ status: 302, body: "x" })).url, "{}"),
      await send((await withResponse({ status: 503, body: "x" })).url, "{}"),
    ];
    for (const { headers } of responses) expectInert(headers);
    const statuses = responses.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 204, 205, 302, 304, 401, 405, 413, 503]));
  });

  it("is not readable for pages of other origins", async () => {
    const { url } = await withResponse({ body: "x" });
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const responses = [
      await send(url, "", headers, "OPTIONS"),
      await send(url, "{}", { origin: "https://evil.example" }),
    ];
    for (const response of responses) expectInert(response.headers);
    expect(responses.map(({ status }) => status)).toEqual([405, 200]);
  });
});

describe("a browser that requests a script or worker", () => {
  it.each([
    { "service-worker": "script" },
    { "Service-Worker": "Script" },
    { "sec-fetch-dest": "serviceworker" },
    { "sec-fetch-dest": "ServiceWorker" },
    { "sec-fetch-dest": "sharedworker" },
    { "sec-fetch-dest": "worker" },
    { "sec-fetch-dest": "script" },
  ])("is rejected, and no event is stored: %j", async (headers) => {
    const source = await withResponse({ body: "self.skipWaiting()" });
    for (const url of [source.url, `${source.url}/sw.js`]) {
      const { hostname, port, pathname } = new URL(url);
      const lines = Object.entries({ host: `${hostname}:${port}`, connection: "close", ...headers });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      const response = await rawRequest(url, `GET ${pathname} HTTP/1.1\r\n${head}\r\n`);
      expect(response).toMatch(/^HTTP\/1\.1 403 /);
      expect(response).toContain('"code":"script_refused"');
    }
    expect(await gateway.messages(source)).toEqual([]);
  });
});

describe("headers of a source's response", () => {
  it.each([
    { "Content-Security-Policy": "script-src *" },
    { "service-worker-allowed": "/" },
    { "x-content-type-options": "" },
    { location: "https://evil.example" },
    { "set-cookie": "a=b" },
    { "x-accel-redirect": "/secret" },
    { "content-type": "text/javascript" },
    { "content-type": "image/svg+xml" },
    { "content-type": "text/html, application/json" },
    { "content-type": "" },
    { "content-type": "application/json", "Content-Type": "text/html" },
  ])("are rejected when they are saved, and the error says why: %j", async (headers) => {
    const fields = { name: "Test source", ...OPEN, response: { headers } };
    const made = await gateway.call("POST", "ingest/api/v1/source", fields);
    expect(made.status).toBe(422);
    const [issue] = made.json["detail"] as { loc: string[]; msg: string }[];
    expect(issue!.loc.slice(0, 3)).toEqual(["body", "response", "headers"]);
    expect(issue!.msg.length).toBeGreaterThan(20);
    const source = await gateway.source(OPEN, false);
    expect((await gateway.call("PUT", `ingest/api/v1/source/${source.id}`, fields)).status).toBe(422);
  });

  it("that an earlier version stored are omitted, and its types are sent as text", async () => {
    const source = await withResponse({ body: "<script>{query:q}</script>" });
    const stored = {
      "Content-Security-Policy": "script-src * 'unsafe-inline'",
      "X-Content-Type-Options": "none",
      "Service-Worker-Allowed": "/",
      "Set-Cookie": "a=b",
      "X-Mine": "yes",
      "Content-Type": "text/javascript",
    };
    await storeHeaders(source, stored);
    const response = await send(source.url, "{}");
    expectInert(response.headers);
    expect([response.headers.get("x-mine"), response.headers.get("content-type")]).toEqual(["yes", "text/plain"]);
  });
});

describe("a receiver's response that is passed on", () => {
  const waiting = { ...OPEN, response: { body: "own", wait: {} } };

  it.each([
    ["application/json", "application/json"],
    ["application/xml; charset=utf-8", "application/xml; charset=utf-8"],
    ["text/html", "text/plain"],
    ["text/html; x=json", "text/plain"],
    ["TEXT/HTML", "text/plain"],
    ["text/javascript", "text/plain"],
    ["application/xhtml+xml", "text/plain"],
    ["image/svg+xml", "text/plain"],
    ["application/json, text/html", "text/plain"],
    ["nonsense", "text/plain"],
  ])("has a type that is safe and none of its headers: %s", async (given, sent) => {
    gateway.receiver.respondWith({
      status: 200,
      headers: {
        "content-type": given,
        "content-security-policy": "script-src *",
        "service-worker-allowed": "/",
        "set-cookie": "a=b",
        location: "https://evil.example",
      },
      body: "<script>alert(1)</script>",
    });
    const response = await send((await gateway.source(waiting)).url, "{}");
    expectInert(response.headers);
    expect([response.headers.get("content-type"), response.text]).toEqual([sent, "<script>alert(1)</script>"]);
  });

  it("is plain text if the receiver sends no type", async () => {
    gateway.receiver.respondWith({ status: 200, body: "<script>alert(1)</script>" });
    const response = await send((await gateway.source(waiting)).url, "{}");
    expectInert(response.headers);
    expect(response.headers.get("content-type")).toBe("text/plain");
  });
});

describe("a template", () => {
  it.each([
    ["text/html; x=json", "&#60;a&#38;&#34;"],
    ["TEXT/HTML", "&#60;a&#38;&#34;"],
    ["application/soap+xml", "&#60;a&#38;&#34;"],
    ["application/problem+json", '<a&\\"'],
    ["application/x-www-form-urlencoded", "%3Ca%26%22"],
    ["text/plain; x=html", '<a&"'],
  ])("is filled in with values that are escaped for its parsed type: %s", async (type, filled) => {
    const { url } = await withResponse({ headers: { "content-type": type }, body: "{query:q}" });
    expect((await send(`${url}?q=${encodeURIComponent('<a&"')}`, "{}")).text).toBe(filled);
  });
});
