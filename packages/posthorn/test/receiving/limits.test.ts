import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { githubHeaders, send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({ POSTHORN_TRUSTED_PROXIES: "127.0.0.1" });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const NONE = { type: "generic-webhook", verification: { scheme: "none" } };

describe("a source with an allow list", () => {
  it("accepts requests from its networks, using the client address from the trusted proxy", async () => {
    const source = await gateway.source({ ...NONE, allowedAddresses: ["203.0.113.0/24", "2001:db8::/32"] });
    const from = async (forwarded: string) => (await send(source.url, "{}", { "x-forwarded-for": forwarded })).status;
    expect(await from("203.0.113.7")).toBe(200);
    expect(await from("2001:db8::1")).toBe(200);
    expect(await from("198.51.100.1")).toBe(403);
    // A client can write any address in front of the proxy's entry.
    expect(await from("203.0.113.7, 198.51.100.1")).toBe(403);
    expect((await send(source.url, "{}")).status).toBe(403);
    const [message] = await gateway.messages(source);
    const event = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event/${message!["id"] as string}`);
    expect(event.json["address"]).toBe("2001:db8::1");
  });

  it("knows the networks that providers publish", async () => {
    const source = await gateway.source({ ...NONE, allowedAddresses: ["github"] });
    expect((await send(source.url, "{}", { "x-forwarded-for": "140.82.115.3" })).status).toBe(200);
    expect((await send(source.url, "{}", { "x-forwarded-for": "203.0.113.7" })).status).toBe(403);
  });

  it("is rejected with an entry that is not an address", async () => {
    const made = await gateway.call("POST", "ingest/api/v1/source", {
      name: "Wrong",
      ...NONE,
      allowedAddresses: ["10.0.0.0/33"],
    });
    expect([made.status, made.text.includes("10.0.0.0/33")]).toEqual([422, true]);
  });
});

describe("without a trusted proxy", () => {
  it("a client cannot set its own address", async () => {
    await using plain = await TestGateway.start();
    const source = await plain.source({ ...NONE, allowedAddresses: ["203.0.113.0/24"] });
    expect((await send(source.url, "{}", { "x-forwarded-for": "203.0.113.7" })).status).toBe(403);
  });
});

describe("a source with a rate", () => {
  it("returns 429 above it, without affecting other sources", async () => {
    const slow = await gateway.source({ ...NONE, rateLimit: 2 });
    const other = await gateway.source(NONE);
    const responses = await Promise.all(Array.from({ length: 20 }, () => send(slow.url, "{}")));
    const refused = responses.filter((response) => response.status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(15);
    expect(refused[0]!.headers.get("retry-after")).toBe("1");
    expect((await send(other.url, "{}")).status).toBe(200);
  });

  it("per day returns 429 when it is used up, even after its settings changed", async () => {
    const source = await gateway.source({ ...NONE, uid: "quota", dailyQuota: 2 });
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await send(source.url, `{"n":${index}}`)).status);
    expect(statuses).toEqual([200, 200, 429]);
    await gateway.call("PUT", "ingest/api/v1/source/quota", { name: "Other", uid: "quota", ...NONE, dailyQuota: 3 });
    expect((await send(source.url, "{}")).status).toBe(200);
    expect((await send(source.url, "{}")).status).toBe(429);
    expect(await gateway.messages(source)).toHaveLength(3);
  });
});

describe("a body", () => {
  it("above the limit of the source gets 413, with a declared length or not", async () => {
    const source = await gateway.source({ ...NONE, maxBodyBytes: 10 });
    expect((await send(source.url, "0123456789")).status).toBe(200);
    expect((await send(source.url, "0123456789x")).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 4; index++) controller.enqueue(new TextEncoder().encode("0123"));
        controller.close();
      },
    });
    const chunked = await fetch(source.url, { method: "POST", body: stream, duplex: "half" } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(await gateway.messages(source)).toHaveLength(1);
  });
});

describe("duplicates", () => {
  const XERO = '{"events":[{"resourceId":"1","eventDateUtc":"2026-01-01T00:00:00"}]}';

  it("of a provider without IDs are recognised by their content", async () => {
    const source = await gateway.source({ type: "calendly", config: { secret: "s" } });
    const post = (body: string) => {
      const time = Math.floor(Date.now() / 1000);
      const mac = createHmac("sha256", "s").update(`${time}.${body}`).digest("hex");
      return send(source.url, body, { "calendly-webhook-signature": `t=${time},v1=${mac}` });
    };
    for (const body of ['{"event":"a"}', '{"event":"a"}', '{"event":"b"}']) expect((await post(body)).status).toBe(200);
    expect(await gateway.messages(source)).toHaveLength(2);
  });

  it("are not detected for a generic source, or when the check is disabled", async () => {
    const plain = await gateway.source(NONE);
    const off = await gateway.source({ type: "github", config: { secret: "s" }, deduplication: "off" });
    for (let times = 0; times < 2; times++) {
      await send(plain.url, XERO);
      await send(off.url, XERO, githubHeaders("s", XERO, "same"));
    }
    expect(await gateway.messages(plain)).toHaveLength(2);
    expect(await gateway.messages(off)).toHaveLength(2);
  });

  it("belong to one source: another one accepts the same delivery", async () => {
    const [a, b] = await Promise.all([
      gateway.source({ type: "github", config: { secret: "s" } }),
      gateway.source({ type: "github", config: { secret: "s" } }),
    ]);
    for (const source of [a, b]) await send(source.url, XERO, githubHeaders("s", XERO, "same"));
    expect([await gateway.messages(a), await gateway.messages(b)].map((list) => list.length)).toEqual([1, 1]);
  });
});
