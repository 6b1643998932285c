import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { authHeaders, AuthSender, Egress, parseAllowList } from "../src/index.ts";
import type { EgressRequest, EgressResult, OAuth2Auth } from "../src/index.ts";
import { startLab } from "../src/lab/index.ts";
import type { Lab } from "../src/lab/index.ts";
import { CLIENT, HANG_MS } from "./client.ts";

let lab: Lab;
let egress: Egress;

beforeAll(async () => {
  lab = await startLab();
  egress = new Egress({ client: CLIENT, allow: parseAllowList("loopback") });
});

afterAll(async () => {
  await egress.close();
  await lab.close();
});

const request = (url: string): EgressRequest => ({
  method: "POST",
  url,
  headers: ["content-type", "application/json"],
  body: Buffer.from(`{"a":1}`),
  timeoutMs: HANG_MS,
  maxResponseBytes: 4000,
});
const code = (result: EgressResult) => (result.kind === "error" ? result.code : result.status);

describe("credentials that need no request", () => {
  const body = Buffer.from(`{"a":1}`);
  const mac = (algorithm: string, text: string | Buffer, encoding: "hex" | "base64") =>
    createHmac(algorithm, "key").update(text).digest(encoding);

  test("Basic, Bearer and header credentials are written as their RFCs specify", () => {
    expect(authHeaders({ type: "basic", user: "Aladdin", password: "open sesame" }, null, 0)).toEqual([
      "authorization",
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    ]);
    expect(authHeaders({ type: "basic", user: "test", password: "123£" }, null, 0)[1]).toBe("Basic dGVzdDoxMjPCow==");
    expect(authHeaders({ type: "bearer", token: "abc" }, null, 0)).toEqual(["authorization", "Bearer abc"]);
    expect(authHeaders({ type: "header", name: "X-Api-Key", value: "k" }, null, 0)).toEqual(["X-Api-Key", "k"]);
  });

  test.each([
    [
      "as GitHub",
      { header: "x-hub-signature-256", template: "sha256={signature}" },
      `sha256=${mac("sha256", body, "hex")}`,
    ],
    ["as Shopify", { header: "x-shopify-hmac-sha256", encoding: "base64" as const }, mac("sha256", body, "base64")],
    [
      "as Stripe",
      { header: "stripe-signature", template: "t={timestamp},v1={signature}", signed: "{timestamp}.{body}" },
      `t=1700000000,v1=${mac("sha256", `1700000000.{"a":1}`, "hex")}`,
    ],
    ["with SHA-1", { header: "x-sig", algorithm: "sha1" as const }, mac("sha1", body, "hex")],
    ["with text after the body", { header: "x-sig", signed: "a{body}b" }, mac("sha256", `a{"a":1}b`, "hex")],
  ])("an HMAC %s", (_title, settings, value) => {
    expect(authHeaders({ type: "hmac", secret: "key", ...settings }, body, 1_700_000_000.9)).toEqual([
      settings.header,
      value,
    ]);
  });

  test("an HMAC in Slack's format puts the timestamp into a separate header", () => {
    const settings = {
      header: "x-slack-signature",
      template: "v0={signature}",
      signed: "v0:{timestamp}:{body}",
      timestampHeader: "x-slack-request-timestamp",
    };
    expect(authHeaders({ type: "hmac", secret: "key", ...settings }, body, 1_700_000_000)).toEqual([
      "x-slack-signature",
      `v0=${mac("sha256", `v0:1700000000:{"a":1}`, "hex")}`,
      "x-slack-request-timestamp",
      "1700000000",
    ]);
  });

  test("an HMAC covers binary bytes unchanged", () => {
    const bytes = Uint8Array.of(0, 255, 128);
    expect(authHeaders({ type: "hmac", secret: "key", header: "x" }, bytes, 0)[1]).toBe(
      mac("sha256", Buffer.from(bytes), "hex"),
    );
  });

  test.each([
    { header: "x", template: "sha256=" },
    { header: "x", signed: "no placeholder" },
    { header: "x", signed: "{body}{body}" },
  ])("an HMAC over empty content is rejected: %j", async (settings) => {
    expect(() => authHeaders({ type: "hmac", secret: "key", ...settings }, body, 0)).toThrow(
      expect.objectContaining({ code: "invalid_auth" }),
    );
    const result = await new AuthSender(egress).send(request(`${lab.url}/ok`), {
      type: "hmac",
      secret: "key",
      ...settings,
    });
    expect(result).toMatchObject({ code: "bad_request", fault: "ours" });
  });

  test("are sent with the headers of the request, and a line break in a secret cannot add a header", async () => {
    const sender = new AuthSender(egress);
    const result = await sender.send(request(`${lab.url}/echo`), { type: "bearer", token: "abc" });
    expect(result.kind === "response" && Buffer.from(result.body).toString()).toContain(`"authorization","Bearer abc"`);
    expect(code(await sender.send(request(`${lab.url}/echo`), { type: "bearer", token: "abc\r\nx-evil: 1" }))).toBe(
      "bad_request",
    );
  });
});

/** A server with a token endpoint and a hook, which records its requests. */
async function startOAuth(
  token: (request: IncomingMessage, body: string, response: ServerResponse, count: number) => void,
) {
  const asked: { authorization: string | undefined; body: string }[] = [];
  const hooks: (string | undefined)[] = [];
  const revoked = new Set<string>();
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      const { authorization } = incoming.headers;
      if (incoming.url === "/token") {
        asked.push({ authorization, body });
        token(incoming, body, response, asked.length);
      } else {
        hooks.push(authorization);
        response.writeHead(revoked.has(authorization ?? "") ? 401 : 200).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const auth: OAuth2Auth = {
    type: "oauth2",
    tokenUrl: `${url}/token`,
    clientId: "my id",
    clientSecret: "s:ecret",
    scope: "a b",
  };
  return {
    asked,
    hooks,
    revoked,
    url,
    auth,
    /** Resets every connection. */
    disconnect: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const give = (response: ServerResponse, fields: Record<string, unknown>, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(fields));

describe("OAuth 2 client credentials", () => {
  test("requests a token according to RFC 6749, with form-encoded ID and secret, and uses it", async () => {
    await using server = await startOAuth((_in, _body, out) =>
      give(out, { access_token: "t1", token_type: "Bearer", expires_in: 3600 }),
    );
    const sender = new AuthSender(egress);
    expect(code(await sender.send(request(`${server.url}/hook`), server.auth))).toBe(200);
    expect(server.asked).toEqual([
      { authorization: `Basic ${btoa("my+id:s%3Aecret")}`, body: "grant_type=client_credentials&scope=a+b" },
    ]);
    expect(server.hooks).toEqual(["Bearer t1"]);
  });

  test("sends the credentials in the form if the provider requires it", async () => {
    await using server = await startOAuth((_in, _body, out) => give(out, { access_token: "t1", token_type: "bearer" }));
    await new AuthSender(egress).send(request(`${server.url}/hook`), {
      ...server.auth,
      credentials: "form",
      audience: "x",
    });
    const [asked] = server.asked;
    expect(asked?.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "client_credentials",
      scope: "a b",
      audience: "x",
      client_id: "my id",
      client_secret: "s:ecret",
    });
  });

  test("one token is used for many deliveries, including those that wait for it", async () => {
    await using server = await startOAuth((_in, _body, out) =>
      setTimeout(() => give(out, { access_token: "t1", expires_in: 3600 }), 20),
    );
    const sender = new AuthSender(egress);
    await Promise.all(Array.from({ length: 20 }, () => sender.send(request(`${server.url}/hook`), server.auth)));
    await sender.send(request(`${server.url}/hook`), server.auth);
    expect(server.asked).toHaveLength(1);
    expect(server.hooks).toHaveLength(21);
  });

  test.each([
    ["half a minute before its end", 3600, 3_569_000, 3_570_001],
    ["at half of a life shorter than a minute", 20, 9000, 10_001],
  ])("is renewed %s, by our own clock", async (_title, life, before, after) => {
    await using server = await startOAuth((_in, _body, out, count) =>
      give(out, { access_token: `t${count}`, expires_in: life }),
    );
    let now = 0;
    const sender = new AuthSender(egress, { now: () => now });
    await sender.send(request(`${server.url}/hook`), server.auth);
    now = before;
    await sender.send(request(`${server.url}/hook`), server.auth);
    expect(server.asked).toHaveLength(1);
    now = after;
    await sender.send(request(`${server.url}/hook`), server.auth);
    expect(server.hooks).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
  });

  test("after a 401 for a cached token, the request is repeated once with a fresh token; a 401 for a fresh token is the result", async () => {
    await using server = await startOAuth((_in, _body, out, count) =>
      give(out, { access_token: `t${count}`, expires_in: 3600 }),
    );
    const sender = new AuthSender(egress);
    await sender.send(request(`${server.url}/hook`), server.auth);
    server.revoked.add("Bearer t1");
    expect(code(await sender.send(request(`${server.url}/hook`), server.auth))).toBe(200);
    expect(server.hooks).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
    server.revoked.add("Bearer t2").add("Bearer t3");
    expect(code(await sender.send(request(`${server.url}/hook`), server.auth))).toBe(401);
    expect(server.hooks).toHaveLength(5);
  });

  test.each<[string, Record<string, unknown> | string, number, string]>([
    ["a refusal", { error: "invalid_client" }, 401, "auth_refused"],
    ["a bad scope", { error: "invalid_scope" }, 400, "auth_refused"],
    ["a failure", {}, 500, "auth_unavailable"],
    ["too many requests", {}, 429, "auth_unavailable"],
    ["no token", { token_type: "Bearer" }, 200, "auth_unavailable"],
    ["a token that would add a header", { access_token: "a\r\nb: c" }, 200, "auth_unavailable"],
    ["a token of another kind", { access_token: "a", token_type: "mac" }, 200, "auth_unavailable"],
    ["a page", "<html>", 200, "auth_unavailable"],
  ])(
    "%s of the token endpoint has its own error, and nothing is delivered",
    async (_title, fields, status, expected) => {
      await using server = await startOAuth((_in, _body, out) =>
        typeof fields === "string" ? out.writeHead(status).end(fields) : give(out, fields, status),
      );
      const result = await new AuthSender(egress).send(request(`${server.url}/hook`), server.auth);
      expect(result).toMatchObject({ kind: "error", code: expected, fault: "target" });
      expect(JSON.stringify(result)).not.toMatch(/s:ecret|s%3Aecret/);
      expect(server.hooks).toEqual([]);
    },
  );

  test("a failing token endpoint is not called for every delivery", async () => {
    await using server = await startOAuth((_in, _body, out) => give(out, {}, 503));
    let now = 0;
    const sender = new AuthSender(egress, { now: () => now });
    for (let index = 0; index < 10; index++) await sender.send(request(`${server.url}/hook`), server.auth);
    expect(server.asked).toHaveLength(1);
    now = 5001;
    await sender.send(request(`${server.url}/hook`), server.auth);
    expect(server.asked).toHaveLength(2);
  });

  test("the guard applies to the token endpoint like to any other URL", async () => {
    const auth: OAuth2Auth = {
      type: "oauth2",
      tokenUrl: "http://169.254.169.254/token",
      clientId: "a",
      clientSecret: "b",
    };
    const result = await new AuthSender(egress).send(request(`${lab.url}/ok`), auth);
    expect(result).toMatchObject({ code: "blocked_address", fault: "refused" });
  });

  test("the deadline includes the token request", async () => {
    await using server = await startOAuth(() => {});
    const result = await new AuthSender(egress).send({ ...request(`${server.url}/hook`), timeoutMs: 100 }, server.auth);
    expect(result).toMatchObject({ code: "auth_unavailable", fault: "target" });
  });

  test("a delivery that waits for a shared token keeps its own timeout and signal", async () => {
    await using server = await startOAuth(() => {});
    const sender = new AuthSender(egress);
    const controller = new AbortController();
    const patient = sender.send(request(`${server.url}/hook`), server.auth);
    const hasty = sender.send({ ...request(`${server.url}/hook`), timeoutMs: 50 }, server.auth);
    const left = sender.send({ ...request(`${server.url}/hook`), signal: controller.signal }, server.auth);
    controller.abort();
    expect(code(await left)).toBe("canceled");
    expect(code(await hasty)).toBe("auth_unavailable");
    expect(await Promise.race([patient, Promise.resolve("still waiting")])).toBe("still waiting");
    await vi.waitFor(() => expect(server.asked).toHaveLength(1), HANG_MS);
    server.disconnect();
    expect(code(await patient)).toBe("auth_unavailable");
    expect(server.asked).toHaveLength(1);
  });
});
