/** Deliveries on the wire: signatures that other libraries verify, secrets and their rotation, custom headers. */
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { eventually, type Received } from "@posthorn/testkit";
import { Webhook } from "standardwebhooks";
import { Webhook as Webhook2 } from "svix";
import { Webhook as Webhook1 } from "svix1";
import { beforeAll, describe, expect, test } from "vitest";
import { Tenant, type TenantEndpoint } from "../lib/tenant.ts";
import { useWorld } from "../lib/world.ts";

const world = useWorld({ env: { POSTHORN_RETRY_SCHEDULE: "0.2" } });
let tenant: Tenant;

beforeAll(async () => {
  tenant = await Tenant.create(world);
});

const newSecret = (bytes = 32): string => `whsec_${randomBytes(bytes).toString("base64")}`;
const secretOf = async ({ path }: TenantEndpoint): Promise<string> => (await world.api.get(`${path}/secret`)).json.key;
const rotate = (endpoint: TenantEndpoint, body: object) => world.api.post(`${endpoint.path}/secret/rotate`, body);

async function deliver(endpoint: TenantEndpoint, payload: object = { amount: 1 }): Promise<Received> {
  return tenant.delivery(endpoint, await tenant.publish({ payload }));
}

const accepts = (secret: string, { body, headers }: Pick<Received, "body" | "headers">): boolean => {
  try {
    new Webhook(secret).verify(body.toString("latin1"), headers);
    return true;
  } catch {
    return false;
  }
};

function signatures(delivery: Received): string[] {
  return delivery.headers["webhook-signature"]!.split(" ");
}

/** An Ed25519 key pair in the two formats of the API. */
function newKeyPair(): { secret: string; public: string } {
  const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [seed, point] = [jwk.d!, jwk.x!].map((part) => Buffer.from(part, "base64url"));
  return {
    secret: `whsk_${Buffer.concat([seed!, point!]).toString("base64")}`,
    public: `whpk_${point!.toString("base64")}`,
  };
}

function verifiesAsymmetric(publicKey: string, { body, headers }: Received, signature: string): boolean {
  const x = Buffer.from(publicKey.replace("whpk_", ""), "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), body]);
  return verify(null, signed, key, Buffer.from(signature.replace("v1a,", ""), "base64"));
}

describe("a delivery", () => {
  test("is accepted by another library, and rejected when any one byte is changed", async () => {
    const endpoint = await tenant.endpoint();
    const secret = await secretOf(endpoint);
    const { body, headers } = await deliver(endpoint);
    expect(accepts(secret, { body, headers })).toBe(true);
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at]! ^= 1;
      expect(accepts(secret, { body: changed, headers })).toBe(false);
    }
    const id = `${headers["webhook-id"]!.slice(0, -1)}_`;
    expect(accepts(secret, { body, headers: { ...headers, "webhook-id": id } })).toBe(false);
    const timestamp = String(Number(headers["webhook-timestamp"]) + 1);
    expect(accepts(secret, { body, headers: { ...headers, "webhook-timestamp": timestamp } })).toBe(false);
    expect(accepts(newSecret(), { body, headers })).toBe(false);
  });

  test("has the same values in both header families, and the verifiers of the SDKs accept them", async () => {
    const endpoint = await tenant.endpoint();
    const { body, headers } = await deliver(endpoint);
    for (const name of ["id", "timestamp", "signature"])
      expect(headers[`svix-${name}`]).toBe(headers[`webhook-${name}`]);
    const own = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("svix-")));
    const secret = await secretOf(endpoint);
    for (const verifier of [new Webhook1(secret), new Webhook2(secret)]) {
      expect(() => verifier.verify(body.toString(), own)).not.toThrow();
      expect(() => verifier.verify(body.toString().replace("1", "2"), own)).toThrow("No matching signature found");
    }
  });

  test("is a POST of JSON with the current timestamp and the ID of the message", async () => {
    const endpoint = await tenant.endpoint();
    const message = await tenant.publish();
    const { method, headers } = await tenant.delivery(endpoint, message);
    expect(method).toBe("POST");
    expect(headers).toMatchObject({ "content-type": "application/json", "webhook-id": message });
    expect(headers["user-agent"]).toBe("Webhooks/1.0");
    expect(Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"]))).toBeLessThan(120);
  });

  test("is signed with the given secret", async () => {
    const secret = newSecret(24);
    const endpoint = await tenant.endpoint({ secret });
    expect(await secretOf(endpoint)).toBe(secret);
    expect(accepts(secret, await deliver(endpoint))).toBe(true);
  });
});

describe("secrets", () => {
  test.each<[string, string]>([
    ["too short", newSecret(23)],
    ["too long", newSecret(76)],
    ["no base64", "whsec_not base64 at all, but long enough to pass"],
    ["a public key", newKeyPair().public],
    ["an Ed25519 key cut off", newKeyPair().secret.slice(0, -8)],
    ["an Ed25519 key whose halves do not belong together", mixedKey()],
  ])("%s are rejected with 422, when created and when rotated", async (_title, secret) => {
    const created = await world.api.post(`${tenant.path}/endpoint`, { url: world.receiver.url, secret });
    expect([created.status, created.json.detail[0].loc]).toEqual([422, ["body", "secret"]]);
    const rotated = await rotate(await tenant.endpoint(), { key: secret });
    expect([rotated.status, rotated.json.detail[0].loc]).toEqual([422, ["body", "key"]]);
  });

  test("of 24 to 75 bytes are accepted", async () => {
    for (const bytes of [24, 75])
      expect(await secretOf(await tenant.endpoint({ secret: newSecret(bytes) }))).toBeDefined();
  });

  test("an Ed25519 key signs v1a, which verifies with the public key that is shown and not with another", async () => {
    const pair = newKeyPair();
    const endpoint = await tenant.endpoint({ secret: pair.secret });
    expect(await secretOf(endpoint)).toBe(pair.public);
    const delivery = await deliver(endpoint);
    const [signature, ...more] = signatures(delivery);
    expect([signature, more]).toEqual([expect.stringMatching(/^v1a,/), []]);
    expect(verifiesAsymmetric(pair.public, delivery, signature!)).toBe(true);
    expect(verifiesAsymmetric(newKeyPair().public, delivery, signature!)).toBe(false);
    const changed = { ...delivery, body: Buffer.from(delivery.body.toString().replace("1", "2")) };
    expect(verifiesAsymmetric(pair.public, changed, signature!)).toBe(false);
  });
});

function mixedKey(): string {
  const [first, second] = [newKeyPair(), newKeyPair()].map(({ secret }) => Buffer.from(secret.slice(5), "base64"));
  return `whsk_${Buffer.concat([first!.subarray(0, 32), second!.subarray(32)]).toString("base64")}`;
}

describe("rotation", () => {
  test("signs with both secrets during the grace period, the newer first", async () => {
    const [before, after] = [newSecret(), newSecret()];
    const endpoint = await tenant.endpoint({ secret: before });
    expect((await rotate(endpoint, { key: after })).status).toBe(204);
    expect(await secretOf(endpoint)).toBe(after);
    const delivery = await deliver(endpoint);
    const [first, second, ...more] = signatures(delivery);
    expect(more).toEqual([]);
    const alone = (signature: string) => ({
      ...delivery,
      headers: { ...delivery.headers, "webhook-signature": signature },
    });
    expect([accepts(after, delivery), accepts(before, delivery)]).toEqual([true, true]);
    expect([accepts(after, alone(first!)), accepts(before, alone(second!))]).toEqual([true, true]);
  });

  test("generates a secret of the same kind if none is given", async () => {
    const shared = await tenant.endpoint();
    const before = await secretOf(shared);
    expect((await rotate(shared, {})).status).toBe(204);
    expect(await secretOf(shared)).toMatch(/^whsec_/);
    expect(await secretOf(shared)).not.toBe(before);
    const pair = newKeyPair();
    const asymmetric = await tenant.endpoint({ secret: pair.secret });
    await rotate(asymmetric, { key: null, gracePeriodSeconds: 0 });
    const shown = await secretOf(asymmetric);
    expect([shown, shown === pair.public]).toEqual([expect.stringMatching(/^whpk_/), false]);
    const delivery = await deliver(asymmetric);
    expect(verifiesAsymmetric(shown, delivery, signatures(delivery)[0]!)).toBe(true);
  });

  test("from a shared secret to Ed25519 signs with both kinds", async () => {
    const [before, pair] = [newSecret(), newKeyPair()];
    const endpoint = await tenant.endpoint({ secret: before });
    await rotate(endpoint, { key: pair.secret });
    const delivery = await deliver(endpoint);
    expect(signatures(delivery).map((signature) => signature.split(",")[0])).toEqual(["v1a", "v1"]);
    expect(accepts(before, delivery)).toBe(true);
  });

  test("without a grace period ends the previous secret at once", async () => {
    const [before, after] = [newSecret(), newSecret()];
    const endpoint = await tenant.endpoint({ secret: before });
    await rotate(endpoint, { key: after, gracePeriodSeconds: 0 });
    const delivery = await deliver(endpoint);
    expect([signatures(delivery).length, accepts(after, delivery), accepts(before, delivery)]).toEqual([
      1,
      true,
      false,
    ]);
  });

  test("ends the previous secret when its grace period ends", async () => {
    const [before, after] = [newSecret(), newSecret()];
    const endpoint = await tenant.endpoint({ secret: before });
    await rotate(endpoint, { key: after, gracePeriodSeconds: 1 });
    await eventually(async () => expect(accepts(before, await deliver(endpoint))).toBe(false));
    expect(accepts(after, await deliver(endpoint))).toBe(true);
  });

  test("is rejected while ten earlier secrets still sign, and all eleven verify", async () => {
    const secrets = [newSecret()];
    const endpoint = await tenant.endpoint({ secret: secrets[0] });
    for (let made = 0; made < 10; made++) {
      secrets.push(newSecret());
      expect((await rotate(endpoint, { key: secrets.at(-1) })).status).toBe(204);
    }
    const refused = await rotate(endpoint, {});
    expect([refused.status, refused.json.code]).toEqual([400, "limit_reached"]);
    const delivery = await deliver(endpoint);
    expect(secrets.map((secret) => accepts(secret, delivery))).toEqual(secrets.map(() => true));
  });
});

describe("custom headers", () => {
  const headersOf = async ({ path }: TenantEndpoint) => (await world.api.get(`${path}/headers`)).json;
  const put = (endpoint: TenantEndpoint, headers: object) => world.api.put(`${endpoint.path}/headers`, { headers });
  const patch = (endpoint: TenantEndpoint, body: object) => world.api.patch(`${endpoint.path}/headers`, body);

  test("are sent with the case in which they were given", async () => {
    const endpoint = await tenant.endpoint({ headers: { "X-CamelCase-ID": "Value 1", "x-lower": "2" } });
    const { rawHeaders } = await deliver(endpoint);
    expect(rawHeaders.join("\n")).toContain("X-CamelCase-ID\nValue 1");
    expect(rawHeaders.join("\n")).toContain("x-lower\n2");
  });

  const OWNED =
    "User-Agent keep-alive Proxy-Authenticate proxy-authorization TE trailers Transfer-Encoding upgrade " +
    "age cache-control clear-site-data expires pragma warning content-length Content-Type " +
    "content-encoding content-language content-location host connection expect x-amz-a x-amzn-a " +
    "x-google-a x-goog-a x-gfe-a x-azure-a x-fd-a x-svix-a svix-id Webhook-Signature webhook-anything";

  test.each(OWNED.split(" "))("named %s are rejected with 422 in every request that sets them", async (name) => {
    const endpoint = await tenant.endpoint();
    const created = await world.api.post(`${tenant.path}/endpoint`, {
      url: world.receiver.url,
      headers: { [name]: "1" },
    });
    const statuses = [
      created,
      await put(endpoint, { [name]: "1" }),
      await patch(endpoint, { headers: { [name]: "1" } }),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([422, 422, 422]);
  });

  test.each([
    ["a line break", "X-A", "1\r\nX-Injected: 1"],
    ["a bare line feed", "X-A", "1\nX-Injected: 1"],
    ["a null byte", "X-A", "1\u00002"],
    ["letters that no header can hold", "X-A", "€"],
    ["more than 4096 bytes", "X-A", "x".repeat(4097)],
    ["a name with a space", "X A", "1"],
    ["a name with a line break", "X-A\r\nX-B", "1"],
    ["an empty name", "", "1"],
  ])("with %s are rejected with 422", async (_title, name, value) => {
    const endpoint = await tenant.endpoint();
    expect((await put(endpoint, { [name]: value })).status).toBe(422);
    expect(await headersOf(endpoint)).toEqual({ headers: {}, sensitive: [] });
  });

  test("with credentials are shown by name only, and sent", async () => {
    const names = ["Authorization", "X-API-Key", "x-auth-token", "WWW-Authenticate"];
    const endpoint = await tenant.endpoint();
    const headers = Object.fromEntries(names.map((name) => [name, "secret value"]));
    expect((await put(endpoint, { ...headers, "X-Open": "1" })).status).toBe(204);
    const shown = await world.api.get(`${endpoint.path}/headers`);
    expect(shown.json.headers).toEqual({ "X-Open": "1" });
    expect(shown.json.sensitive.toSorted()).toEqual(names.toSorted());
    expect(shown.text).not.toContain("secret value");
    const delivery = await deliver(endpoint);
    for (const name of names) expect(delivery.headers[name.toLowerCase()]).toBe("secret value");
  });

  test("are replaced by PUT, and merged by PATCH, where null and deleteHeaders remove", async () => {
    const endpoint = await tenant.endpoint({ headers: { "X-A": "1", "X-B": "2", "X-C": "3" } });
    expect((await patch(endpoint, { headers: { "x-a": "4", "X-B": null }, deleteHeaders: ["x-c"] })).status).toBe(204);
    expect((await headersOf(endpoint)).headers).toEqual({ "x-a": "4" });
    await patch(endpoint, { headers: { "X-D": "5" } });
    expect((await headersOf(endpoint)).headers).toEqual({ "x-a": "4", "X-D": "5" });
    await put(endpoint, { "X-E": "6" });
    expect((await headersOf(endpoint)).headers).toEqual({ "X-E": "6" });
    const delivery = await deliver(endpoint);
    expect([delivery.headers["x-a"], delivery.headers["x-e"]]).toEqual([undefined, "6"]);
  });
});

describe("URLs", () => {
  test.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://user:pass@example.com/",
    "http://",
    "//example.com",
    "https://example.com/#fragment",
  ])("%s is rejected with 422", async (url) => {
    const { status } = await world.api.post(`${tenant.path}/endpoint`, { url });
    expect(status).toBe(422);
  });

  test.each(["http://169.254.169.254/latest/meta-data", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/"])(
    "%s is never called, and the attempt says which rule blocked it",
    async (url) => {
      const endpoint = await tenant.endpoint({ url });
      const message = await tenant.publish();
      const attempt = await eventually(async () => {
        const { data } = (await tenant.get(`/attempt/endpoint/${endpoint.id}`)).json;
        expect(data[0]?.msgId).toBe(message);
        return data[0];
      });
      expect(attempt).toMatchObject({ status: 2, responseStatusCode: 0, errorCode: expect.stringMatching(/.+/) });
      expect((await world.api.delete(endpoint.path)).status).toBe(204);
    },
  );

  test("are normalised", async () => {
    const { json } = await world.api.post(`${tenant.path}/endpoint`, { url: "HTTPS://EXAMPLE.com:443/a/../b?c" });
    expect(json.url).toBe("https://example.com/b?c");
  });
});
