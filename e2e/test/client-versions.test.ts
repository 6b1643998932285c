/** Features that particular client library versions and tools of the compatible API depend on, beyond both JavaScript SDKs. */
import { eventually, startReceiver } from "@posthorn/testkit";
import { generateKeyPairSync } from "node:crypto";
import { Svix as OlderSvix } from "svix1";
import { beforeAll, describe, expect, test } from "vitest";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
let tenant: Tenant;
let endpoint: TenantEndpoint;

beforeAll(async () => {
  tenant = await Tenant.create(world);
  endpoint = await tenant.endpoint();
});

const NEWER = { "user-agent": "svix-libs/2.9.1/python" };

describe("rotating a secret", () => {
  const rotate = (userAgent: string, body: object = {}) =>
    world.api.post(`${endpoint.path}/secret/rotate`, body, { headers: { "user-agent": userAgent } });
  const currentKey = async (): Promise<string> => (await world.api.get(`${endpoint.path}/secret`)).json.key;

  test.each(["svix-libs/2.7.0/python", "svix-libs/2.9.1/rust rustc/1.95", "svix-libs/3.0.0/go"])(
    "returns the new secret to %s",
    async (userAgent) => {
      const { status, json } = await rotate(userAgent);
      expect(status).toBe(200);
      expect(json).toEqual({ key: await currentKey() });
    },
  );

  test.each(["svix-libs/1.99.1/java", "svix-libs/2.6.2/python", "curl/8.5.0"])(
    "returns 204 without a body to %s, which fails on one",
    async (userAgent) => {
      const before = await currentKey();
      const { status, text } = await rotate(userAgent, { gracePeriodSeconds: 0 });
      expect([status, text]).toEqual([204, ""]);
      expect(await currentKey()).not.toBe(before);
    },
  );

  test("returns the public half of an Ed25519 key, never the private one", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const seed = Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url");
    const point = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
    const asymmetric = await tenant.endpoint();
    const key = `whsk_${Buffer.concat([seed, point]).toString("base64")}`;
    const given = await world.api.post(`${asymmetric.path}/secret/rotate`, { key }, { headers: NEWER });
    expect([given.status, given.json]).toEqual([200, { key: `whpk_${point.toString("base64")}` }]);
    const { status, json } = await world.api.post(`${asymmetric.path}/secret/rotate`, {}, { headers: NEWER });
    expect(status).toBe(200);
    expect(json.key).toMatch(/^whpk_/);
  });

  test("sends the operational event endpoint.updated without a secret", async () => {
    await using listener = await startReceiver();
    const hook = await world.api.post("/api/v1/operational-webhook/endpoint", { url: listener.url });
    expect(hook.status).toBe(201);
    await rotate("curl/8.5.0", { gracePeriodSeconds: 0 });
    const { body } = await listener.waitFor((request) => request.body.includes("endpoint.updated"));
    expect(JSON.parse(body.toString())).toMatchObject({
      type: "endpoint.updated",
      data: { appId: tenant.id, endpointId: endpoint.id },
    });
    expect(body.toString()).not.toContain(await currentKey());
    await world.api.delete(`/api/v1/operational-webhook/endpoint/${hook.json.id}`);
  });
});

describe("a token", () => {
  test.each(["|env_2abc", "|", "|a|b"])(
    "works with the suffix %s that the Terraform provider appends",
    async (suffix) => {
      expect((await world.api.get("/api/v1/app", { token: world.api.token + suffix })).status).toBe(200);
    },
  );

  test.each(["|", "|env_2abc"])("consisting only of the suffix %s is refused", async (token) => {
    expect((await world.api.get("/api/v1/app", { token })).status).toBe(401);
  });

  test("revoked without a suffix stays revoked with one", async () => {
    const { json } = await world.api.post(`/api/v1/auth/app-portal-access/${tenant.id}`, {});
    expect((await world.api.post("/api/v1/auth/logout", undefined, { token: `${json.token}|env` })).status).toBe(204);
    for (const token of [json.token, `${json.token}|env`, `${json.token}|other`]) {
      await eventually(async () => expect((await world.api.get("/api/v1/portal", { token })).status).toBe(401));
    }
  });
});

describe("dashboard-access", () => {
  test("gives the older SDK a portal link with all capabilities", async () => {
    const { authentication } = new OlderSvix(world.server.token, { serverUrl: world.server.url });
    const { url, token } = await authentication.dashboardAccess(tenant.id);
    expect(url).toContain(token);
    const rights = await world.api.get("/api/v1/portal", { token });
    expect(rights.json.capabilities).toContain("ManageEndpointSecret");
  });

  test("returns 404 for an unknown application and 403 for its own token", async () => {
    expect((await world.api.post("/api/v1/auth/dashboard-access/none")).status).toBe(404);
    const { json } = await world.api.post(`/api/v1/auth/dashboard-access/${tenant.id}`);
    const again = await world.api.post(`/api/v1/auth/dashboard-access/${tenant.id}`, undefined, { token: json.token });
    expect(again.status).toBe(403);
  });
});

describe("attempt-stats", () => {
  test("counts only the attempts of the endpoint", async () => {
    const fresh = await tenant.endpoint({ channels: ["counted"] });
    const message = await tenant.publish({ channels: ["counted"] });
    await tenant.delivery(fresh, message);
    await eventually(async () => {
      const { status, json } = await tenant.get(`/endpoint/${fresh.id}/attempt-stats`);
      expect([status, json]).toEqual([200, { success: 1, fail: 0, canceled: 0 }]);
    });
    const past = "since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z";
    expect((await tenant.get(`/endpoint/${fresh.id}/attempt-stats?${past}`)).json.success).toBe(0);
    expect((await tenant.get("/endpoint/none/attempt-stats")).status).toBe(404);
  });
});

describe("send-example with a payload", () => {
  test("sends the payload byte for byte, for an event type that is not registered", async () => {
    const { status, json } = await world.api.post(
      `${endpoint.path}/send-example`,
      '{"eventType": "never.registered", "payload": {"b": 1.0,  "a": 12345678901234567890, "\\u0061": "twice"}}',
    );
    expect(status).toBe(202);
    const { body } = await tenant.delivery(endpoint, json.id);
    expect(body.toString()).toBe('{"b": 1.0,  "a": 12345678901234567890, "\\u0061": "twice"}');
  });

  test.each([[[]], ["text"], [1]])("rejects %j, which is not an object", async (payload) => {
    const { status } = await world.api.post(`${endpoint.path}/send-example`, { eventType: "a.b", payload });
    expect(status).toBe(422);
  });

  test("rejects a payload above the limit of the server", async () => {
    const payload = { text: "x".repeat(1024 * 1024) };
    const { status, json } = await world.api.post(`${endpoint.path}/send-example`, { eventType: "a.b", payload });
    expect([status, json.code]).toEqual([413, "payload_too_large"]);
  });

  test("without a payload still reports the missing example of a type that is neither registered nor published", async () => {
    const { json } = await world.api.post(`${endpoint.path}/send-example`, { eventType: "never.seen" });
    expect(json.code).toBe("no_example");
  });
});
