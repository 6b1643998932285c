/** Signing in formats other than Standard Webhooks, checked with the libraries that receivers of those formats use. */
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify as verifyBytes } from "node:crypto";
import { verify as verifyGitHub } from "@octokit/webhooks-methods";
import { eventually, type Received, startServer, uid } from "@posthorn/testkit";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { beforeAll, describe, expect, test } from "vitest";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld();
const TEXT_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
let tenant: Tenant;

beforeAll(async () => {
  tenant = await Tenant.create(world);
});

async function endpointWith(signing: object, fields: object = {}): Promise<TenantEndpoint> {
  const endpoint = await tenant.endpoint(fields);
  const { status, text } = await world.api.patch(`${endpoint.path}/policy`, { signing });
  expect({ status, text }).toMatchObject({ status: 200 });
  return endpoint;
}

/** Publishes a message that no other test makes, and waits for its delivery: not every style sends the ID of the message. */
async function deliverTo({ hook }: TenantEndpoint): Promise<Received> {
  const marker = uid("marker");
  await tenant.publish({ payload: { marker, a: 1.5, text: "ü" } });
  return world.receiver.waitFor(({ path, body }) => path === hook && body.includes(marker));
}

async function secretOf(endpoint: TenantEndpoint): Promise<string> {
  return (await world.api.get(`${endpoint.path}/secret`)).json.key;
}

const hmac = (key: string, encoding: "hex" | "base64", ...parts: (string | Buffer)[]): string =>
  parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key)).digest(encoding);

/** Whether the signature of a delivery verifies with the text of a secret, as a receiver of each style checks it. */
const VERIFIERS: Record<string, (received: Received, secret: string) => Promise<boolean> | boolean> = {
  stripe: ({ body, headers }, secret) => {
    const stripe = new Stripe("sk_test_1");
    try {
      return stripe.webhooks.constructEvent(body, headers["stripe-signature"]!, secret) !== null;
    } catch {
      return false;
    }
  },
  github: ({ body, headers }, secret) => verifyGitHub(secret, body.toString(), headers["x-hub-signature-256"]!),
  shopify: ({ body, headers }, secret) => headers["x-shopify-hmac-sha256"] === hmac(secret, "base64", body),
  slack: ({ body, headers }, secret) => {
    const time = headers["x-slack-request-timestamp"]!;
    return headers["x-slack-signature"] === `v0=${hmac(secret, "hex", `v0:${time}:`, body)}`;
  },
};

describe.each(Object.entries(VERIFIERS))("the style %s", (style, verifies) => {
  test("verifies with the text of the secret that Posthorn made, beside Standard Webhooks", async () => {
    const endpoint = await endpointWith({ style });
    const received = await deliverTo(endpoint);
    const secret = await secretOf(endpoint);
    expect(await verifies(received, secret)).toBe(true);
    expect(new Webhook(secret).verify(received.body, received.headers)).toBeTruthy();
    expect(await verifies({ ...received, body: Buffer.concat([received.body, Buffer.from(" ")]) }, secret)).toBe(false);
  });

  test("verifies with a secret that the product gave out before, without the headers of Standard Webhooks", async () => {
    const endpoint = await endpointWith({ style, standardHeaders: false }, { secret: `text:${TEXT_SECRET}` });
    const received = await deliverTo(endpoint);
    expect(await verifies(received, TEXT_SECRET)).toBe(true);
    expect(Object.keys(received.headers).filter((name) => /^(webhook|svix)-/.test(name))).toEqual([]);
  });

  test("keeps verifying with the earlier secret until its grace period ends", async () => {
    const endpoint = await endpointWith({ style });
    const earlier = await secretOf(endpoint);
    await world.api.post(`${endpoint.path}/secret/rotate`, { gracePeriodSeconds: 3600 });
    expect(await verifies(await deliverTo(endpoint), earlier)).toBe(true);
    await world.api.post(`${endpoint.path}/secret/rotate`, { gracePeriodSeconds: 0 });
    expect(await verifies(await deliverTo(await endpointWith({ style })), earlier)).toBe(false);
  });
});

test("a text secret signs Standard Webhooks with its bytes", async () => {
  const endpoint = await tenant.endpoint({ secret: `text:${TEXT_SECRET}` });
  const received = await deliverTo(endpoint);
  expect(new Webhook(TEXT_SECRET, { format: "raw" }).verify(received.body, received.headers)).toBeTruthy();
  // Not through the recorder: the compatible API has no such form, and its SDKs take any text here.
  const url = `${world.server.url}${endpoint.path}/secret`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${world.server.token}` } });
  expect(await answer.json()).toEqual({ key: `text:${TEXT_SECRET}` });
});

test.each(["text:", "text:short", `text:${"x".repeat(257)}`])("the secret %s is refused", async (secret) => {
  const { status, json } = await world.api.post(`${tenant.path}/endpoint`, { url: "https://example.com/", secret });
  expect([status, json.detail[0].loc.at(-1)]).toEqual([422, "secret"]);
});

test("the product's own header names replace those of the style, and a custom header under such a name", async () => {
  const endpoint = await endpointWith(
    { style: "slack", header: "X-Acme-Signature", timestampHeader: "X-Acme-Time" },
    { headers: { "x-acme-signature": "chosen by hand", "x-other": "kept" } },
  );
  const { headers, body, rawHeaders } = await deliverTo(endpoint);
  const secret = await secretOf(endpoint);
  expect(headers["x-acme-signature"]).toBe(`v0=${hmac(secret, "hex", `v0:${headers["x-acme-time"]}:`, body)}`);
  expect(rawHeaders.filter((name) => name.toLowerCase() === "x-acme-signature")).toHaveLength(1);
  expect(headers).toMatchObject({ "x-other": "kept" });
  expect(headers).not.toHaveProperty("x-slack-signature");
});

test.each(["content-length", "webhook-signature", "two words", "a\r\nb"])(
  "the header name %j is refused",
  async (header) => {
    const endpoint = await tenant.endpoint();
    const { status, json } = await world.api.patch(`${endpoint.path}/policy`, { signing: { style: "github", header } });
    expect([status, json.detail[0].loc.at(-1)]).toEqual([422, "header"]);
  },
);

test("one header name for the signature and the timestamp is refused", async () => {
  const endpoint = await tenant.endpoint();
  const signing = { style: "slack", header: "X-Acme", timestampHeader: "x-acme" };
  const { status, json } = await world.api.patch(`${endpoint.path}/policy`, { signing });
  expect([status, json.detail[0].loc.at(-1)]).toEqual([422, "timestampHeader"]);
});

test("an endpoint with an Ed25519 key gets Standard Webhooks whatever HMAC style is set", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const halves = [privateKey.export({ format: "jwk" }).d!, publicKey.export({ format: "jwk" }).x!];
  const secret = `whsk_${Buffer.concat(halves.map((half) => Buffer.from(half, "base64url"))).toString("base64")}`;
  const { headers } = await deliverTo(await endpointWith({ style: "stripe", standardHeaders: false }, { secret }));
  expect(headers["webhook-signature"]).toMatch(/^v1a,/);
  expect(headers).not.toHaveProperty("stripe-signature");
});

test("a token of the application cannot change how deliveries are signed", async () => {
  const endpoint = await tenant.endpoint();
  const { json } = await world.api.post(`/api/v1/auth/app-portal-access/${tenant.id}`, {});
  const options = { token: json.token as string };
  const answer = await world.api.patch(`${endpoint.path}/policy`, { signing: { style: "github" } }, options);
  expect(answer.status).toBe(403);
});

test("the attempt shows the signature headers that were sent", async () => {
  const endpoint = await endpointWith({ style: "github" });
  const message = await tenant.publish();
  const { headers } = await tenant.delivery(endpoint, message);
  await eventually(async () => {
    const [attempt] = (await tenant.get(`/attempt/endpoint/${endpoint.id}`)).json.data;
    expect(attempt?.msgId).toBe(message);
    const detail = await tenant.get(`/msg/${message}/attempt/${attempt.id}`);
    expect(detail.text).toContain(headers["x-hub-signature-256"]);
  });
});

test("the settings of the server choose the style and header of every endpoint", async () => {
  await using server = await startServer({
    env: { POSTHORN_SIGNATURE_STYLE: "github", POSTHORN_SIGNATURE_HEADER: "X-Acme-Signature-256" },
  });
  const api = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const post = async (path: string, body: object) =>
    (await fetch(`${server.url}/api/v1/${path}`, { method: "POST", headers: api, body: JSON.stringify(body) })).json();
  const app = (await post("app", { name: "Styled" })) as { id: string };
  const url = `${world.receiver.url}/styled`;
  await post(`app/${app.id}/endpoint`, { url, secret: `text:${TEXT_SECRET}` });
  await post(`app/${app.id}/msg`, { eventType: "a", payload: {} });
  const { body, headers } = await world.receiver.waitFor(({ path }) => path === "/styled");
  expect(headers["x-acme-signature-256"]).toBe(`sha256=${hmac(TEXT_SECRET, "hex", body)}`);
});

describe("HTTP Message Signatures", () => {
  /** Rebuilds the signature base (RFC 9421, section 2.5) by hand, from what arrived. */
  function baseOf({ headers, path, method }: Received, input: string): Buffer {
    const { host, ...others } = headers;
    const [target, query] = path.split("?");
    const derived: Record<string, string> = {
      "@method": method,
      "@authority": host!,
      "@path": target!,
      "@query": `?${query ?? ""}`,
    };
    const covered = [.../^\(([^)]*)\)/.exec(input)![1]!.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
    const lines = covered.map((name) => `"${name}": ${derived[name] ?? others[name]}`);
    return Buffer.from([...lines, `"@signature-params": ${input}`].join("\n"));
  }

  const digestOf = (body: Buffer): string => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;

  test("cover method, URL, content type, message ID and digest of the body with the secret of the endpoint", async () => {
    const endpoint = await endpointWith({ style: "http-signatures" });
    const received = await deliverTo(endpoint);
    const { headers, body } = received;
    expect(headers["content-digest"]).toBe(digestOf(body));
    const input = headers["signature-input"]!.replace(/^sig=/, "");
    for (const name of ["@method", "@authority", "@path", "@query", "content-digest", "content-type", "webhook-id"]) {
      expect(input).toContain(`"${name}"`);
    }
    expect(input).toContain(`;keyid="${endpoint.id}"`);
    const key = Buffer.from((await secretOf(endpoint)).replace("whsec_", ""), "base64");
    const expected = createHmac("sha256", key).update(baseOf(received, input)).digest("base64");
    expect(headers["signature"]).toBe(`sig=:${expected}:`);
  });

  test("sign with an Ed25519 key, and with both keys during a rotation", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const x = publicKey.export({ format: "jwk" }).x!;
    const halves = [privateKey.export({ format: "jwk" }).d!, x].map((half) => Buffer.from(half, "base64url"));
    const endpoint = await endpointWith(
      { style: "http-signatures" },
      { secret: `whsk_${Buffer.concat(halves).toString("base64")}` },
    );
    await world.api.post(`${endpoint.path}/secret/rotate`, { gracePeriodSeconds: 600 });
    const received = await deliverTo(endpoint);
    const inputs = received.headers["signature-input"]!.split(/, (?=sig)/);
    const signatures = received.headers["signature"]!.split(", ");
    expect([inputs.length, signatures.length]).toEqual([2, 2]);
    const older = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    const base = baseOf(received, inputs[1]!.replace(/^sig2=/, ""));
    const signature = Buffer.from(/^sig2=:(.*):$/.exec(signatures[1]!)![1]!, "base64");
    expect(verifyBytes(null, base, older, signature)).toBe(true);
  });
});
