import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Lab, startLab } from "@posthorn/egress/lab";
import { eventually, freePort, type Received, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNode, type TestNode } from "./support/posthorn.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";
import { Tenant } from "./support/tenant.ts";

const EGRESS = "app/app/endpoint/ep/egress";
const SECRET = "s3cret-that-nobody-may-read";

let lab: Lab;
let node: TestNode;
let tenant: Tenant;
const folder = temporaryFolder();

beforeAll(async () => {
  lab = await startLab();
  node = await startNode(folder.path, { env: { POSTHORN_RETRY_SCHEDULE: "" } });
  tenant = new Tenant(node);
  await tenant.setUp("http://127.0.0.1:9999/");
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await lab.close();
  folder[Symbol.dispose]();
});

/** Sets exactly this URL and these settings for the endpoint. */
async function endpointWith(url: string, settings: object): Promise<void> {
  await tenant.call("PATCH", "app/app/endpoint/ep", { url });
  await tenant.call("DELETE", EGRESS);
  expect(await tenant.call("PUT", EGRESS, settings)).toMatchObject({ status: 204 });
}

/** The headers of one delivery to an endpoint with these credentials. */
async function deliveredWith(auth: object): Promise<Received> {
  await using receiver = await startReceiver();
  await endpointWith(receiver.url, { auth });
  expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
  return receiver.requests[0]!;
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("credentials of an endpoint", () => {
  it("can be Basic or Bearer, and reach the receiver together with the signature", async () => {
    const { headers } = await deliveredWith({ type: "basic", user: "me", password: SECRET });
    expect(headers).toMatchObject({ authorization: basic(`me:${SECRET}`), "webhook-id": expect.any(String) });
    const bearer = await deliveredWith({ type: "bearer", token: SECRET });
    expect(bearer.headers["authorization"]).toBe(`Bearer ${SECRET}`);
  });

  it("replace a custom header of the same name, whose value is not sent", async () => {
    await tenant.call("PUT", "app/app/endpoint/ep/headers", { headers: { Authorization: "old", "X-Other": "kept" } });
    const { headers } = await deliveredWith({ type: "bearer", token: SECRET });
    expect(headers).toMatchObject({ authorization: `Bearer ${SECRET}`, "x-other": "kept" });
    await tenant.call("PUT", "app/app/endpoint/ep/headers", { headers: {} });
  });

  it("can be a custom header, or a signature in a format that the receiver supports", async () => {
    const header = await deliveredWith({ type: "header", name: "X-Key", value: SECRET });
    expect(header.headers["x-key"]).toBe(SECRET);
    const hub = { type: "hmac", header: "X-Hub-Signature-256", secret: SECRET, template: "sha256={signature}" };
    expect((await deliveredWith(hub)).headers["x-hub-signature-256"]).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  it("OAuth 2: one token is used for many deliveries, and a new one is fetched when the receiver refuses it", async () => {
    let token = 0;
    await using issuer = await startReceiver({
      response: () => ({ status: 200, body: JSON.stringify({ access_token: `t${++token}`, token_type: "bearer" }) }),
    });
    await using receiver = await startReceiver({
      response: ({ headers }) => (headers["authorization"] === `Bearer t${token}` ? 204 : 401),
    });
    const auth = { type: "oauth2", tokenUrl: issuer.url, clientId: "me", clientSecret: SECRET, scope: "hooks" };
    await endpointWith(receiver.url, { auth });
    for (let n = 0; n < 3; n++) expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    expect(issuer.requests).toHaveLength(1);
    expect(issuer.requests[0]!.headers["authorization"]).toBe(basic(`me:${SECRET}`));
    expect(issuer.requests[0]!.body.toString()).toBe("grant_type=client_credentials&scope=hooks");
    token++;
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0 });
    expect(issuer.requests).toHaveLength(2);
  });

  it("OAuth 2: without a token the attempt fails with that reason, and nothing is sent", async () => {
    await using issuer = await startReceiver({ response: 401 });
    await using receiver = await startReceiver();
    const auth = { type: "oauth2", tokenUrl: issuer.url, clientId: "other", clientSecret: SECRET };
    await endpointWith(receiver.url, { auth });
    expect(await tenant.firstAttempt()).toMatchObject({
      status: 2,
      responseStatusCode: 0,
      errorCode: "auth_refused",
      response: expect.stringContaining("token endpoint"),
    });
    expect(receiver.requests).toHaveLength(0);
  });
});

describe("TLS settings of an endpoint", () => {
  it("mTLS works with a client certificate and a private CA, and the attempt names the missing one", async () => {
    const { ca, client } = lab.certificates;
    const url = `${lab.ports["tls-client-certificate"]}/ok`;
    await endpointWith(url, { tls: { ca: ca.cert, cert: client.cert, key: client.key } });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 0, responseStatusCode: 200 });
    // The expiry of the receiver's certificate is known from its response, as long as the endpoint keeps its URL.
    const ends = await eventually(async () => {
      const { json } = await tenant.call("GET", "app/app/endpoint/ep/state");
      expect(json["certificateValidTo"]).toEqual(expect.any(String));
      return json["certificateValidTo"];
    });
    const ending = async () => {
      const { json } = await tenant.call("GET", "stats/now");
      return (json["endpoints"] as { certificates: unknown }).certificates;
    };
    expect(await ending()).toMatchObject([{ appUid: "app", url, validTo: ends }]);
    await endpointWith(url, { tls: { ca: ca.cert } });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "tls_client_certificate" });
    await endpointWith(url, { tls: { cert: client.cert, key: client.key } });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "tls_chain" });
    await endpointWith("http://127.0.0.1:9999/", {});
    expect(await ending()).toEqual([]);
    expect((await tenant.call("GET", "app/app/endpoint/ep/state")).json["certificateValidTo"]).toBeNull();
  });

  it("a pin accepts only the pinned certificate", async () => {
    const url = `${lab.ports["tls-self-signed"]}/ok`;
    await endpointWith(url, { tls: { pins: ["00".repeat(32)] } });
    const attempt = await tenant.firstAttempt();
    expect(attempt).toMatchObject({ status: 2, errorCode: "tls_pin" });
  });
});

describe("a proxy of an endpoint", () => {
  it("that is unavailable fails the attempts of this endpoint instead of delaying them forever", async () => {
    await using receiver = await startReceiver();
    await endpointWith(receiver.url, { proxy: { url: `http://me:${SECRET}@127.0.0.1:${await freePort()}` } });
    expect(await tenant.firstAttempt()).toMatchObject({ status: 2, errorCode: "proxy_failed" });
    expect(receiver.requests).toHaveLength(0);
  });

  it("can only be set or removed by the organisation, not with a token of the application", async () => {
    const portal = await tenant.portal(["ViewBase", "ManageEndpoint"]);
    const proxy = { url: "http://proxy.example.com:4750" };
    await endpointWith("http://127.0.0.1:9999/", { proxy });
    expect(await portal.call("PUT", EGRESS, { proxy: null })).toMatchObject({ status: 403 });
    expect(await portal.call("PUT", EGRESS, { proxy })).toMatchObject({ status: 403 });
    expect(await portal.call("PUT", EGRESS, { auth: { type: "bearer", token: SECRET } })).toMatchObject({
      status: 204,
    });
    expect(await portal.call("DELETE", EGRESS)).toMatchObject({ status: 204 });
    const { json } = await portal.call("GET", EGRESS);
    expect(json).toEqual({ auth: null, tls: null, proxy: { scheme: "http", target: "address", refused: false } });
  });
});

describe("the settings", () => {
  it.skipIf(onPostgres)("are never returned, in no response and no file", async () => {
    const { client } = lab.certificates;
    const auth = {
      type: "oauth2",
      tokenUrl: `http://127.0.0.1:9999/token?key=${SECRET}`,
      clientId: "me",
      clientSecret: SECRET,
    };
    const tls = { cert: client.cert, key: client.key, pins: ["ab".repeat(32)] };
    await endpointWith("http://127.0.0.1:9999/", {
      auth,
      tls,
      proxy: { url: `http://me:${SECRET}@proxy.example.com` },
    });
    const { json, text } = await tenant.call("GET", EGRESS);
    expect(json).toEqual({
      auth: {
        type: "oauth2",
        headers: ["authorization"],
        tokenUrl: "http://127.0.0.1:9999/token",
        clientId: "me",
        scope: null,
      },
      tls: { ca: false, clientCertificateValidTo: expect.stringMatching(/^\d{4}-/), pins: ["ab".repeat(32)] },
      proxy: { scheme: "http", target: "address", refused: false },
    });
    expect(text).not.toMatch(/s3cret|PRIVATE KEY/);
    expect((await tenant.call("GET", "app/app/endpoint/ep")).text).not.toMatch(/s3cret|PRIVATE KEY/);
    const db = new DatabaseSync(join(folder.path, "posthorn.db"), { readOnly: true });
    const { egress_sealed: sealed } = db.prepare("SELECT egress_sealed FROM endpoint").get()!;
    db.close();
    expect(Buffer.from(sealed as Uint8Array).toString("latin1")).not.toMatch(/s3cret|PRIVATE KEY/);
  });

  it("keep an omitted part, and are removed by null for one part, or by DELETE for all", async () => {
    await endpointWith("http://127.0.0.1:9999/", {
      auth: { type: "bearer", token: "a" },
      tls: { pins: ["ab".repeat(32)] },
    });
    await tenant.call("PUT", EGRESS, { auth: { type: "basic", user: "a", password: "" } });
    expect((await tenant.call("GET", EGRESS)).json).toMatchObject({ auth: { type: "basic" }, tls: { ca: false } });
    await tenant.call("PUT", EGRESS, { tls: null });
    expect((await tenant.call("GET", EGRESS)).json).toMatchObject({ auth: { type: "basic" }, tls: null });
    await tenant.call("DELETE", EGRESS);
    expect((await tenant.call("GET", EGRESS)).json).toEqual({ auth: null, tls: null, proxy: null });
  });

  it("are kept when the endpoint is replaced", async () => {
    await endpointWith("http://127.0.0.1:9999/", { auth: { type: "bearer", token: "a" } });
    await tenant.call("PUT", "app/app/endpoint/ep", { url: "http://127.0.0.1:9999/", uid: "ep" });
    expect((await tenant.call("GET", EGRESS)).json).toMatchObject({ auth: { type: "bearer" } });
  });

  it.each([
    ["auth.type", { auth: { type: "digest" } }],
    ["auth.password", { auth: { type: "basic", user: "a" } }],
    ["auth", { auth: { type: "basic", user: "a:b", password: SECRET } }],
    ["auth.token", { auth: { type: "bearer", token: "a\r\nx: y" } }],
    ["auth.name", { auth: { type: "header", name: "webhook-signature", value: SECRET } }],
    ["auth.name", { auth: { type: "header", name: "host", value: SECRET } }],
    ["auth", { auth: { type: "hmac", header: "x-sig", secret: SECRET, template: "v1=" } }],
    ["auth.tokenUrl", { auth: { type: "oauth2", tokenUrl: "ftp://x", clientId: "a", clientSecret: SECRET } }],
    ["tls", { tls: { ca: "no PEM" } }],
    ["tls", { tls: { cert: "no PEM", key: SECRET } }],
    ["tls", { tls: { pins: ["12"] } }],
    ["proxy", { proxy: { url: `ftp://me:${SECRET}@proxy` } }],
  ])("that cannot be used are rejected with their location, %s, without their secret", async (place, settings) => {
    const { status, json, text } = await tenant.call("PUT", EGRESS, settings);
    expect(status).toBe(422);
    const [issue] = json["detail"] as { loc: string[] }[];
    expect(issue!.loc.join(".")).toBe(`body.${place}`);
    expect(text).not.toContain(SECRET);
  });

  it("can only be changed with ManageEndpoint, and are not visible outside the application", async () => {
    const viewer = await tenant.portal(["ViewBase"]);
    expect(await viewer.call("GET", EGRESS)).toMatchObject({ status: 200 });
    expect(await viewer.call("PUT", EGRESS, { auth: null })).toMatchObject({ status: 403 });
    expect(await viewer.call("DELETE", EGRESS)).toMatchObject({ status: 403 });
    expect(await tenant.call("GET", "app/other/endpoint/ep/egress")).toMatchObject({ status: 404 });
  });
});
