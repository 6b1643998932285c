import { createHmac } from "node:crypto";
import { slackStyle } from "@posthorn/webhooks/sender-styles";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { send, TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start();
});
beforeEach(() => gateway.receiver.clear());
afterAll(() => gateway[Symbol.asyncDispose]());

const CHALLENGE = '{"type":"url_verification","challenge":"c-1","token":"t"}';

function slack(secret: string, body: string): Record<string, string> {
  const timestampSeconds = Math.floor(Date.now() / 1000);
  return { ...slackStyle(secret).signSync({ body, timestampSeconds }), "content-type": "application/json" };
}

describe("a handshake", () => {
  it("that is signed gets its response, and is not an event", async () => {
    const source = await gateway.source({ type: "slack", config: { secret: "s" } });
    const response = await send(source.url, CHALLENGE, slack("s", CHALLENGE));
    expect([response.status, response.text, response.headers.get("content-type")]).toEqual([200, "c-1", "text/plain"]);
    expect(await gateway.messages(source)).toEqual([]);
  });

  it("that is not signed is rejected and quarantined", async () => {
    const source = await gateway.source({ type: "slack", config: { secret: "s" } });
    expect((await send(source.url, CHALLENGE)).status).toBe(401);
    expect(await gateway.quarantine(source)).toMatchObject([{ reason: "missing_header" }]);
  });

  it("of one provider is an event, or rejected, at the source of another", async () => {
    const github = await gateway.source({ type: "github", config: { secret: "s" } });
    expect((await send(github.url, CHALLENGE, slack("s", CHALLENGE))).status).toBe(401);
    expect(
      (await send(`${github.url}?hub.mode=subscribe&hub.challenge=1&hub.verify_token=s`, "", {}, "GET")).status,
    ).toBe(405);
    expect((await send(`${github.url}?validationToken=x`, "", {}, "POST")).status).toBe(401);
  });

  it("by GET gets a response for the verify token of the source, and 403 for another", async () => {
    const source = await gateway.source({ type: "meta", config: { secret: "app-secret", verifyToken: "mine" } });
    const query = (token: string) => `${source.url}?hub.mode=subscribe&hub.challenge=42&hub.verify_token=${token}`;
    const right = await send(query("mine"), "", {}, "GET");
    expect([right.status, right.text]).toEqual([200, "42"]);
    expect((await send(query("other"), "", {}, "GET")).status).toBe(403);
    expect((await send(query("app-secret"), "", {}, "GET")).status).toBe(403);
  });

  it("that sets a secret is accepted once: the next one is rejected, and the secret verifies", async () => {
    const source = await gateway.source({ type: "asana" });
    const first = await send(source.url, "", { "x-hook-secret": "from-asana" });
    expect([first.status, first.headers.get("x-hook-secret")]).toEqual([200, "from-asana"]);
    expect((await send(source.url, "", { "x-hook-secret": "of-a-stranger" })).status).toBe(401);
    const body = '{"events":[{"action":"added","resource":{"resource_type":"task"}}]}';
    const sign = (secret: string) => ({
      "x-hook-signature": createHmac("sha256", secret).update(body).digest("hex"),
    });
    expect((await send(source.url, body, sign("of-a-stranger"))).status).toBe(401);
    expect((await send(source.url, body, sign("from-asana"))).status).toBe(200);
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "task.added" }]);
  });

  it("by HEAD and by OPTIONS gets a response if the provider uses it, and only then", async () => {
    const trello = await gateway.source({ type: "trello", config: { secret: "s" } });
    expect((await send(trello.url, "", {}, "HEAD")).status).toBe(200);
    const events = await gateway.source({ type: "cloudevents-webhook", config: { secret: "s" } });
    const asked = await send(events.url, "", { "webhook-request-origin": "events.example" }, "OPTIONS");
    expect([asked.status, asked.headers.get("webhook-allowed-origin")]).toEqual([200, "events.example"]);
    const github = await gateway.source({ type: "github", config: { secret: "s" } });
    expect((await send(github.url, "", {}, "HEAD")).status).toBe(405);
    expect((await send(github.url, "", { "webhook-request-origin": "x" }, "OPTIONS")).status).toBe(405);
  });
});

describe("responses that providers require", () => {
  it("to a bad signature are 401 without a body for Xero, and exactly 401 for Discord", async () => {
    const xero = await gateway.source({ type: "xero", config: { secret: "s" } });
    const refused = await send(xero.url, '{"events":[]}', { "x-xero-signature": "AAAA" });
    expect([refused.status, refused.text, refused.headers.get("set-cookie")]).toEqual([401, "", null]);
    const key = "a".repeat(64);
    const discord = await gateway.source({ type: "discord", config: { publicKey: key } });
    const headers = { "x-signature-ed25519": "00".repeat(64), "x-signature-timestamp": "1700000000" };
    expect((await send(discord.url, '{"type":1}', headers)).status).toBe(401);
  });

  it("can be a literal text, a SOAP document, or a special status", async () => {
    const sign = await gateway.source({ type: "dropbox-sign", config: { secret: "k" } });
    const hash = createHmac("sha256", "k").update("1700000000").update("signature_request_sent").digest("hex");
    const event = { event_time: "1700000000", event_type: "signature_request_sent", event_hash: hash };
    const form = new FormData();
    form.set("json", JSON.stringify({ event }));
    const taken = await fetch(sign.url, { method: "POST", body: form });
    expect([taken.status, await taken.text()]).toEqual([200, "Hello API Event Received"]);
    const passed = await eventually(() => {
      expect(gateway.receiver.requests).toHaveLength(1);
      return gateway.receiver.requests[0]!;
    });
    expect(passed.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(passed.body.toString()).toContain(hash);

    const soap = await gateway.source({ type: "salesforce" }, false);
    const envelope =
      '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
      '<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D</OrganizationId>' +
      "<Notification><Id>04l</Id><sObject/></Notification></notifications></soapenv:Body></soapenv:Envelope>";
    const ack = await send(soap.url, envelope, { "content-type": "text/xml; charset=utf-8" });
    expect(ack.status).toBe(200);
    expect(ack.headers.get("content-type")).toMatch(/^text\/xml/);
    expect(ack.text).toContain("Ack>true<");
  });
});
