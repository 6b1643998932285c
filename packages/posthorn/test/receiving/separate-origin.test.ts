/** Inbound webhooks at `POSTHORN_INGEST_URL`, separate from the rest of the server. */
import { createHmac } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestGateway, type TestSource } from "../support/gateway.ts";

const INGEST = "https://hooks.example.com";
const MAIN_HOST = "app.example.com";
const INGEST_HOST = "hooks.example.com";

let gateway: TestGateway;
let source: TestSource;

beforeAll(async () => {
  gateway = await TestGateway.start({
    POSTHORN_PUBLIC_URL: `https://${MAIN_HOST}`,
    POSTHORN_INGEST_URL: `${INGEST}/`,
    POSTHORN_TRUSTED_PROXIES: "127.0.0.2",
  });
  const open = { type: "generic-webhook", verification: { scheme: "none" }, deduplication: "off" };
  source = await gateway.source(open, false);
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The address of the client; 127.0.0.2 is one of our proxies. */
  readonly from?: string;
}

/** A request to the server's only port, for any host. */
function ask(host: string, path: string, { method = "GET", headers = {}, body = "", from = "127.0.0.1" }: Ask = {}) {
  const { hostname, port } = new URL(gateway.node.url);
  return new Promise<Got>((resolve, reject) => {
    const options = { hostname, port, path, method, localAddress: from, headers: { host, ...headers }, agent: false };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on("error", reject).end(body);
  });
}

const pathOf = ({ url }: TestSource): string => new URL(url).pathname;
const post = (host: string, ask_: Ask = {}) => ask(host, pathOf(source), { method: "POST", body: "{}", ...ask_ });

describe("the URL of a source", () => {
  it("is on the separate origin in every response of the API", async () => {
    expect(source.url).toMatch(/^https:\/\/hooks\.example\.com\/in\/[0-9a-f]{40}$/);
    const path = `ingest/api/v1/source/${source.id}`;
    expect((await gateway.call("GET", path)).json["ingestUrl"]).toBe(source.url);
    const other = await gateway.source({ type: "github", secrets: ["s"] }, false);
    const rotated = await gateway.call("POST", `ingest/api/v1/source/${other.id}/token/rotate`, {});
    expect(rotated.json["ingestUrl"]).toMatch(/^https:\/\/hooks\.example\.com\/in\//);
  });

  it("is the URL that is used for providers that sign it", async () => {
    const twilio = await gateway.source({ type: "twilio", secrets: ["token"] }, false);
    const square = await gateway.source({ type: "square", secrets: ["key"] }, false);
    const event = '{"type":"payment.created","event_id":"1"}';
    const form = "Body=hi&MessageSid=SM1";
    const signed = createHmac("sha1", "token").update(`${twilio.url}BodyhiMessageSidSM1`).digest("base64");
    const responses = [
      await ask(INGEST_HOST, pathOf(twilio), {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signed },
        body: form,
      }),
      await ask(INGEST_HOST, pathOf(square), {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-square-hmacsha256-signature": createHmac("sha256", "key").update(`${square.url}${event}`).digest("base64"),
        },
        body: event,
      }),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("the host of inbound webhooks", () => {
  it.each([INGEST_HOST, "Hooks.EXAMPLE.com", "hooks.example.com.", "hooks.example.com:443"])(
    "accepts them in any notation: %s",
    async (host) => {
      expect((await post(host)).status).toBe(200);
    },
  );

  it.each([
    "/",
    "/portal",
    "/messages",
    "/docs/api",
    "/assets/x.js",
    "/portal/embed.js",
    "/api/v1/app",
    "/api/v1/openapi.json",
    "/api/v1/live",
    "/api/v1/health",
    "/ingest/api/v1/source",
    "/.well-known/webhook-sources.json",
    "/in",
  ])("does not serve anything else: %s", async (path) => {
    const headers = { accept: "text/html", authorization: `Bearer ${gateway.node.token}` };
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await ask(INGEST_HOST, path, { method, headers });
      expect([response.status, JSON.parse(response.text)]).toMatchObject([404, { code: "not_found" }]);
      expect(response.headers["content-security-policy"]).toBe("default-src 'none'; sandbox");
    }
  });

  it("serves health checks, like every other host", async () => {
    for (const host of [INGEST_HOST, MAIN_HOST, "10.0.0.1"]) {
      for (const path of ["/health", "/health/live", "/health/ready"]) expect((await ask(host, path)).status).toBe(204);
    }
  });
});

describe("any other host", () => {
  it.each([
    MAIN_HOST,
    "10.0.0.1:8071",
    "[::1]:8071",
    "hooks.example.com:8443",
    "hooks.example.com:80",
    "evil-hooks.example.com",
    "hooks.example.com.evil.example",
    "a@hooks.example.com",
    "hooks.example.com/x",
    "hooks.example.com, app.example.com",
    "",
  ])("rejects webhooks and names the correct URL, never one from the request: %s", async (host) => {
    const before = (await gateway.messages(source)).length;
    for (const method of ["POST", "GET"]) {
      const headers = { "x-forwarded-host": "evil.example" };
      const response = await post(host, { method, headers, body: method === "GET" ? "" : "{}" });
      expect([response.status, JSON.parse(response.text)]).toMatchObject([421, { code: "wrong_origin" }]);
      expect(response.text).toContain(source.url);
      expect(response.text).not.toContain("evil.example");
      expect(response.headers["location"]).toBeUndefined();
      expect(response.headers["content-security-policy"]).toBe("default-src 'none'; sandbox");
    }
    expect(await gateway.messages(source)).toHaveLength(before);
  });

  it("serves everything except webhooks", async () => {
    const headers = { authorization: `Bearer ${gateway.node.token}` };
    for (const host of [MAIN_HOST, "10.0.0.1:8071"]) {
      expect((await ask(host, "/api/v1/app", { headers })).status).toBe(200);
    }
  });

  it("reflects no part of a path without a token", async () => {
    const response = await ask(MAIN_HOST, "/in/%3Cscript%3E");
    expect([response.status, response.text.includes("script")]).toEqual([421, false]);
  });
});

describe("the host of a request", () => {
  const forwarded = (host: string) => ({ "x-forwarded-host": host });

  it("is the last one that a trusted proxy adds", async () => {
    const from = "127.0.0.2";
    expect((await post("10.0.0.1:8071", { from, headers: forwarded(INGEST_HOST) })).status).toBe(200);
    expect((await post("10.0.0.1:8071", { from, headers: forwarded(`${MAIN_HOST}, ${INGEST_HOST}`) })).status).toBe(
      200,
    );
    expect((await post("10.0.0.1:8071", { from, headers: forwarded(`${INGEST_HOST}, ${MAIN_HOST}`) })).status).toBe(
      421,
    );
    expect((await ask("10.0.0.1:8071", "/api/v1/app", { from, headers: forwarded(INGEST_HOST) })).status).toBe(404);
  });

  it("is not taken from a header of other clients", async () => {
    expect((await post(MAIN_HOST, { headers: forwarded(INGEST_HOST) })).status).toBe(421);
    expect((await post(INGEST_HOST, { headers: forwarded(MAIN_HOST) })).status).toBe(200);
    expect((await post(MAIN_HOST, { headers: { forwarded: `host=${INGEST_HOST}` } })).status).toBe(421);
  });

  it("is that of a target in absolute form", async () => {
    const to = (host: string, authority: string) =>
      ask(host, `http://${authority}${pathOf(source)}`, { method: "POST", body: "{}" });
    expect((await to(MAIN_HOST, INGEST_HOST)).status).toBe(200);
    expect((await to(INGEST_HOST, MAIN_HOST)).status).toBe(421);
  });
});
