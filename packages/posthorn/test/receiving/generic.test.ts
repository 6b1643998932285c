import { createHash, createHmac, generateKeyPairSync, sign as signBytes } from "node:crypto";
import { startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const BODY = '{"event":{"id":"e-1","type":"thing.made","at":"2026-01-02T03:04:05Z"}}';
const CHANGED = BODY.replace("made", "lost");
const PLACES = { eventType: ["{body:event.type}"], deliveryId: ["{body:event.id}"], occurredAt: ["{body:event.at}"] };

const mac = (hash: string, key: string | Buffer, text: string, encoding: "hex" | "base64" | "base64url") =>
  createHmac(hash, key).update(text).digest(encoding);

async function sourceWith(verification: object, secrets: readonly string[]) {
  return gateway.source({ type: "generic-webhook", verification: { ...verification, ...PLACES }, secrets }, false);
}

interface Form {
  readonly verification: object;
  readonly secret?: string;
  headers(body: string): Record<string, string>;
}

const seconds = (): string => String(Math.floor(Date.now() / 1000));

const FORMS: readonly (readonly [string, Form])[] = [
  [
    "the body in hex",
    {
      verification: { scheme: "hmac", header: "X-Sig" },
      headers: (body) => ({ "x-sig": mac("sha256", "k", body, "hex") }),
    },
  ],
  [
    "a prefix, SHA-1 and base64",
    {
      verification: { scheme: "hmac", header: "x-sig", hash: "sha1", encoding: "base64", prefix: "sha1=" },
      headers: (body) => ({ "x-sig": `sha1=${mac("sha1", "k", body, "base64")}` }),
    },
  ],
  [
    "a signed time in a header of pairs",
    {
      verification: {
        scheme: "hmac",
        header: "x-sig",
        field: "v1",
        signed: "{ts}.{body}",
        timestamp: { from: "field:t" },
      },
      headers: (body) => {
        const t = seconds();
        return { "x-sig": `t=${t},v1=${mac("sha256", "k", `${t}.${body}`, "hex")}` };
      },
    },
  ],
  [
    "a signed time in milliseconds, an id and a key in base64",
    {
      secret: Buffer.from("k2").toString("base64"),
      verification: {
        scheme: "hmac",
        header: "x-sig",
        hash: "sha512",
        encoding: "base64url",
        signed: "{header:x-id}:{ts}:{body}",
        timestamp: { from: "header:x-time", unit: "milliseconds", toleranceSeconds: 60 },
        secretEncoding: "base64",
      },
      headers: (body) => {
        const time = String(Date.now());
        return { "x-id": "7", "x-time": time, "x-sig": mac("sha512", "k2", `7:${time}:${body}`, "base64url") };
      },
    },
  ],
  [
    "a token with the hash of the body",
    {
      verification: {
        scheme: "jwt",
        header: "x-token",
        algorithms: ["HS256"],
        bodyHash: { claim: "sha256", encoding: "hex" },
      },
      headers: (body) => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
        const sha256 = createHash("sha256").update(body).digest("hex");
        const text = `${part({ alg: "HS256" })}.${part({ sha256 })}`;
        return { "x-token": `${text}.${mac("sha256", "k", text, "base64url")}` };
      },
    },
  ],
];

describe("a generic source", () => {
  it.each(FORMS)("verifies %s, and rejects one changed byte", async (_, { verification, secret = "k", headers }) => {
    const source = await sourceWith(verification, ["b3RoZXI=", secret]);
    expect((await send(source.url, CHANGED, headers(BODY))).status).toBe(401);
    expect((await send(source.url, BODY, headers(BODY))).status).toBe(200);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([
      {
        eventType: "thing.made",
        deliveryId: "e-1",
        occurredAt: "2026-01-02T03:04:05.000Z",
        provider: "generic",
        trust: "signed",
        routing: "no_endpoint",
      },
    ]);
  });

  const KEYS = [
    ["ed25519", generateKeyPairSync("ed25519"), null],
    ["ecdsa-p256-sha256", generateKeyPairSync("ec", { namedCurve: "P-256" }), "sha256"],
    ["rsa-sha256", generateKeyPairSync("rsa", { modulusLength: 2048 }), "sha256"],
  ] as const;
  it.each(KEYS)("verifies a %s signature with its public keys, and rejects one changed byte", async (...key) => {
    const [algorithm, { privateKey, publicKey }, hash] = key;
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    // Ed25519 keys are handed out in raw form.
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const own = algorithm === "ed25519" ? raw : pem;
    const verification = { header: "X-Sig", signed: "{ts}.{body}", timestamp: { from: "header:x-time" }, ...PLACES };
    const fields = { type: "generic-webhook", verification: { scheme: "public-key", algorithm, ...verification } };
    const source = await gateway.source({ ...fields, publicKeys: [own] }, false);
    const time = seconds();
    const signed = (body: string) => ({
      "x-time": time,
      "x-sig": signBytes(hash, Buffer.from(`${time}.${body}`), privateKey).toString("base64"),
    });
    expect((await send(source.url, CHANGED, signed(BODY))).status).toBe(401);
    expect((await send(source.url, BODY, { ...signed(BODY), "x-time": String(Number(time) - 301) })).status).toBe(401);
    expect((await send(source.url, BODY, signed(BODY))).status).toBe(200);
    const reasons = (await gateway.quarantine(source, 2)).map((row) => row["reason"]);
    expect(reasons).toEqual(["timestamp_too_old", "signature_mismatch"]);

    const other = { ...fields, name: "x2", publicKeys: ["bm90IGEga2V5"] };
    const refused = await gateway.call("POST", "ingest/api/v1/source", other);
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining("publicKeys")]);
  });

  it.each<readonly [string, object, string, Record<string, string>, string]>([
    [
      "Basic",
      { scheme: "basic" },
      "me:pass",
      { authorization: `Basic ${Buffer.from("me:pass").toString("base64")}` },
      "",
    ],
    ["bearer", { scheme: "bearer" }, "t0ken", { authorization: "Bearer t0ken" }, ""],
    ["a key in a header", { scheme: "api-key", in: "header", name: "X-Key" }, "key", { "x-key": "key" }, ""],
    ["a key in the query", { scheme: "api-key", in: "query", name: "key" }, "key", {}, "?key=key"],
    ["a key in the body", { scheme: "api-key", in: "body", name: "event.id" }, "e-1", {}, ""],
  ])("accepts %s and rejects another", async (_, verification, secret, headers, query) => {
    const source = await sourceWith(verification, [secret]);
    expect((await send(`${source.url}${query}`, BODY, headers)).status).toBe(200);
    const wrong = await sourceWith(verification, ["of-another"]);
    expect((await send(`${wrong.url}${query}`, BODY, headers)).status).toBe(401);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([{ trust: "shared-secret", query: query === "" ? "" : "***" }]);
  });

  it("verifies tokens with the keys of a key set, fetched once, for one audience", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1" };
    await using keys = await startReceiver({ response: { body: JSON.stringify({ keys: [jwk] }) } });
    const source = await sourceWith(
      { scheme: "jwt", algorithms: ["RS256"], jwksUrl: `${keys.url}/jwks`, issuer: ["them"], audience: "us" },
      [],
    );
    const token = (claims: object) => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const text = `${part({ alg: "RS256", kid: "k1" })}.${part({ iss: "them", aud: "us", ...claims })}`;
      return {
        authorization: `Bearer ${text}.${signBytes("sha256", Buffer.from(text), privateKey).toString("base64url")}`,
      };
    };
    const exp = Math.floor(Date.now() / 1000) + 60;
    expect((await send(source.url, BODY, token({ exp }))).status).toBe(200);
    expect((await send(source.url, CHANGED, token({ exp, aud: "others" }))).status).toBe(401);
    expect((await send(source.url, CHANGED, token({ exp, iss: "others" }))).status).toBe(401);
    expect((await send(source.url, CHANGED, token({ exp: 1 }))).status).toBe(401);
    expect(keys.requests).toHaveLength(1);
    const reasons = (await gateway.quarantine(source, 3)).map((row) => row["reason"]);
    expect(reasons).toEqual(["token_expired", "token_invalid", "token_invalid"]);
  });

  it("without a scheme accepts everything, and marks it as unverified", async () => {
    const source = await gateway.source({ type: "generic-webhook" }, false);
    expect((await send(source.url, "anything")).status).toBe(200);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([{ eventType: "unknown", trust: "none", scheme: "none", deliveryId: null }]);
  });
});

describe("a service outside the catalogue", () => {
  const time = seconds();
  const body = '{"type":"sync","action":"CREATE","code":"DONE"}';
  const list = '[{"event":"document_updated"}]';
  it.each<readonly [string, string, Record<string, string>, string, string]>([
    ["nango", body, { "x-nango-hmac-sha256": mac("sha256", "k", body, "hex") }, "", "sync"],
    ["rutter", body, { "x-rutter-signature": `sha256=${mac("sha256", "k", body, "base64")}` }, "", "sync.DONE"],
    [
      "port-io",
      body,
      {
        "x-port-timestamp": time,
        "x-port-signature": `v1,${mac("sha256", "k", `${time}.${body}`, "base64")}`,
      },
      "",
      "CREATE",
    ],
    ["panda-doc", list, {}, `?signature=${mac("sha256", "k", list, "hex")}`, "document_updated"],
  ])("such as %s is verified by its own scheme", async (type, text, headers, query, eventType) => {
    const source = await gateway.source({ type, config: { secret: "k" } }, false);
    expect((await send(source.url + query, text.replace("T", "t").replace("doc", "Doc"), headers)).status).toBe(401);
    expect((await send(source.url + query, `${text} `, headers)).status).toBe(401);
    expect((await send(source.url, text)).status).toBe(401);
    expect((await send(source.url + query, text, headers)).status).toBe(200);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([{ eventType, provider: type, trust: "signed" }]);
  });

  it("such as Acrobat Sign gets its client ID in the response to the handshake and to each request", async () => {
    const source = await gateway.source({ type: "adobe-sign", config: { clientId: "CBJCHBCAABAA" } });
    const mine = { "x-adobesign-clientid": "CBJCHBCAABAA" };
    const asked = await send(source.url, "", mine, "GET");
    expect([asked.status, asked.headers.get("x-adobesign-clientid")]).toEqual([200, "CBJCHBCAABAA"]);
    expect((await send(source.url, "", { "x-adobesign-clientid": "of-another" }, "GET")).status).toBe(401);
    const event = '{"event":"AGREEMENT_CREATED","webhookNotificationId":"n-1"}';
    const taken = await send(source.url, event, mine);
    expect([taken.status, taken.headers.get("x-adobesign-clientid")]).toEqual([200, "CBJCHBCAABAA"]);
    expect((await send(source.url, event, { "x-adobesign-clientid": "of-another" })).status).toBe(401);
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "AGREEMENT_CREATED", eventId: "n-1" }]);
    const passed = await gateway.receiver.waitFor((request) => request.body.toString() === event);
    expect(passed.headers).toMatchObject(mine);
  });

  it.each(["checkbook", "openclaw", "orum-io", "vgs"])("with an unpublished scheme is rejected: %s", async (type) => {
    const made = await gateway.call("POST", "ingest/api/v1/source", { name: "Unknown", type, config: { secret: "k" } });
    expect([made.status, made.text]).toEqual([422, expect.stringContaining("generic-webhook")]);
  });
});

describe("the types of sources", () => {
  it("are listed with their secrets and handshakes", async () => {
    const { json } = await gateway.call("GET", "ingest/api/v1/source-type");
    const types = json["data"] as { type: string; trust: string; handshakes: string[] }[];
    expect(types.length).toBeGreaterThanOrEqual(130);
    expect(types.find(({ type }) => type === "slack")).toMatchObject({ trust: "signed", hasDeliveryId: true });
    expect(types.find(({ type }) => type === "slack")!.handshakes).toHaveLength(1);
    expect(types.find(({ type }) => type === "stripe")).toMatchObject({
      publishedAddresses: true,
      steps: [expect.stringContaining("Developers"), expect.any(String), expect.any(String)],
    });
  });
});
