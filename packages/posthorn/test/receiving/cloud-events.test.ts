/** CloudEvents at a source, as the official SDK sends them. */
import { CloudEvent, HTTP } from "cloudevents";
import { eventually, type Received, startReceiver } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { splitBatch } from "../../src/ingest/cloud-events-batch.ts";
import { findProvider } from "@posthorn/webhooks/providers";
import { send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const TOKEN = "the token of this source";
const AUTH = { authorization: `Bearer ${TOKEN}` };
const BATCH = { ...AUTH, "content-type": "application/cloudevents-batch+json" };

const newSource = (config: object = {}) =>
  gateway.source({ type: "cloudevents-webhook", config: { secret: `Bearer ${TOKEN}`, ...config } });

function event(id: string): CloudEvent<{ n: number }> {
  return new CloudEvent({ id, type: "order.paid", source: "/shop", time: "2026-01-02T03:04:05Z", data: { n: 1 } });
}

describe("CloudEvents at a source", () => {
  it("are one event in binary and in structured mode, and known by source and ID in both", async () => {
    const source = await newSource();
    for (const { headers, body } of [HTTP.binary(event("1")), HTTP.structured(event("1"))]) {
      const response = await send(source.url, String(body), { ...(headers as Record<string, string>), ...AUTH });
      expect(response.status).toBe(204);
    }
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "order.paid", eventId: "/shop.1" }]);
  });

  it("are one event per item of a batch, byte for byte, without duplicates when repeated", async () => {
    const source = await newSource();
    const items = ["1", "2", "3"].map((id) => ` ${String(HTTP.structured(event(id)).body)}`);
    items[1] = '{ "specversion":"1.0", "id":"2", "source":"/shop", "type":"order.sent", "data": 1.50 }';
    const body = `[${items.join(" ,\n")}\n]`;
    for (let n = 0; n < 2; n++) expect((await send(source.url, body, BATCH)).status).toBe(204);
    const messages = await gateway.messages(source);
    expect(messages).toHaveLength(3);
    const found = messages.map(({ eventType, eventId }) => `${String(eventId)} ${String(eventType)}`);
    expect(found.sort()).toEqual(["/shop.1 order.paid", "/shop.2 order.sent", "/shop.3 order.paid"]);
  });

  it("are accepted as an empty batch", async () => {
    const source = await newSource();
    expect((await send(source.url, "[]", BATCH)).status).toBe(204);
    expect(await gateway.messages(source)).toEqual([]);
  });

  it.each(["{}", "[1]", '[{"id":"1","source":"/","type":"a"}]', "[", `[${"1,".repeat(1000)}1]`])(
    "are rejected as a whole if the batch begins %.40s",
    async (body) => {
      const source = await newSource();
      expect((await send(source.url, body, BATCH)).status).toBe(400);
      expect(await gateway.messages(source)).toEqual([]);
    },
  );

  it("are rejected without the token of the source", async () => {
    const source = await newSource();
    const { headers, body } = HTTP.structured(event("1"));
    expect((await send(source.url, String(body), headers as Record<string, string>)).status).toBe(401);
  });

  it("are allowed by the OPTIONS request of the sender, if the source allows its origin", async () => {
    const source = await newSource({ allowedOrigins: "shop.example.com", allowedRate: "120" });
    const ask = (origin: string) =>
      send(source.url, "", { "webhook-request-origin": origin, "webhook-request-rate": "500" }, "OPTIONS");
    const allowed = await ask("shop.example.com");
    expect([allowed.headers.get("webhook-allowed-origin"), allowed.headers.get("webhook-allowed-rate")]).toEqual([
      "shop.example.com",
      "120",
    ]);
    const refused = await ask("other.example.com");
    expect(refused.headers.get("webhook-allowed-origin")).toBeNull();
  });

  it("are allowed later, if the sender named a callback URL and its request is released from quarantine", async () => {
    await using sender = await startReceiver({ response: 500 });
    const source = await newSource({ allowedOrigins: "shop.example.com", allowedRate: "120" });
    const ask = () =>
      send(
        source.url,
        "",
        {
          "webhook-request-origin": "other.example.com",
          "webhook-request-callback": `${sender.url}/confirm?id=1&key=a`,
        },
        "OPTIONS",
      );
    const withheld = await ask();
    expect([withheld.status, withheld.headers.get("webhook-allowed-origin")]).toEqual([200, null]);
    const path = `ingest/api/v1/source/${source.id}/quarantine`;
    const [row] = await gateway.quarantine(source);
    expect(row).toMatchObject({ reason: "origin_not_allowed" });
    const release = `${path}/${String(row!["id"])}/release`;
    const failed = await gateway.call("POST", release);
    expect([failed.status, failed.text]).toEqual([409, expect.stringContaining("HTTP 500")]);

    sender.respondWith(204);
    const released = await gateway.call("POST", release);
    expect([released.status, released.json]).toEqual([200, { messageId: null }]);
    const [, { method, path: called, headers }] = sender.requests as [Received, Received];
    expect([method, called, headers["webhook-allowed-rate"]]).toEqual(["GET", "/confirm?id=1&key=a", "120"]);
    expect((await gateway.call("GET", path)).json["data"]).toEqual([]);
    await eventually(async () => expect((await ask()).headers.get("webhook-allowed-origin")).toBe("other.example.com"));
  });
});

describe("a batch of CloudEvents", () => {
  it("keeps the bytes of each event", () => {
    const body = Buffer.from('[ {"specversion":"1.0","id":"1","source":"/","type":"a","data":1.50} ]');
    const contentType = "application/cloudevents-batch+json; charset=utf-8";
    const split = splitBatch(findProvider("cloudevents-webhook")!, { contentType, body });
    expect(split).toMatchObject({ kind: "events", events: [{ facts: { type: "a", id: "/.1" } }] });
    const [first] = split?.kind === "events" ? split.events : [];
    expect(Buffer.from(first!.body).toString()).toBe(
      '{"specversion":"1.0","id":"1","source":"/","type":"a","data":1.50}',
    );
  });
});
