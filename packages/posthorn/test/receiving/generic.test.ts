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
  it.each(FORMS)("verifies %s, and refuses one changed byte", async (_, { verification, secret = "k", headers }) => {
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
  ])("takes %s and refuses another", async (_, verification, secret, headers, query) => {
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
    await using keys = await startReceiver({ answer: { body: JSON.stringify({ keys: [jwk] }) } });
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

  it("without a scheme takes what comes, and calls it unproved", async () => {
    const source = await gateway.source({ type: "generic-webhook" }, false);
    expect((await send(source.url, "anything")).status).toBe(200);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([{ eventType: "unknown", trust: "none", scheme: "none", deliveryId: null }]);
  });
});

describe("the types of sources", () => {
  it("are listed with what each signs with and which handshakes are answered", async () => {
    const { json } = await gateway.call("GET", "ingest/api/v1/source-type");
    const types = json["data"] as { type: string; trust: string; handshakes: string[] }[];
    expect(types.length).toBeGreaterThanOrEqual(130);
    expect(types.find(({ type }) => type === "slack")).toMatchObject({ trust: "signed", hasDeliveryId: true });
    expect(types.find(({ type }) => type === "slack")!.handshakes).toHaveLength(1);
    expect(types.find(({ type }) => type === "stripe")).toMatchObject({ publishedAddresses: true });
  });
});
