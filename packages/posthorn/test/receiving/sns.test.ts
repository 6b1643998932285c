/** An Amazon SNS subscription from its confirmation, against a fake that signs like SNS and records confirmations. */
import { createSign, generateKeyPairSync } from "node:crypto";
import { eventually } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { send, TestGateway } from "../support/gateway.ts";
import { type Internet, startInternet } from "../support/internet.ts";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders";
const HOST = "https://sns.eu-west-1.amazonaws.com";
const CERTIFICATE = `${HOST}/SimpleNotificationService-1.pem`;
const TARGET = "https://hooks.acme-orders.com/sns";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Subscriptions of the fake: tokens that it issued, and tokens that were confirmed. */
const tokens = { pending: new Set<string>(), confirmed: new Set<string>() };
let internet: Internet;
let gateway: TestGateway;

beforeAll(async () => {
  internet = await startInternet((url) => {
    if (url === CERTIFICATE) return publicKey.export({ type: "spki", format: "pem" }).toString();
    if (url === TARGET) return "taken";
    const asked = new URL(url).searchParams;
    const token = asked.get("Token") ?? "";
    if (asked.get("Action") !== "ConfirmSubscription" || !tokens.pending.delete(token)) return null;
    tokens.confirmed.add(token);
    return "<ConfirmSubscriptionResponse/>";
  });
  gateway = await TestGateway.start({}, { egress: internet.egress });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await internet[Symbol.asyncDispose]();
});

interface Message extends Readonly<Record<string, string>> {
  readonly Type: "SubscriptionConfirmation" | "Notification";
}

/** A message in the format of SNS, signed over its fields with SignatureVersion 2. */
function signed(message: Message): string {
  const whole: Record<string, string> = { TopicArn: TOPIC, Timestamp: new Date().toISOString(), ...message };
  const text = Object.keys(whole)
    .sort()
    .map((name) => `${name}\n${whole[name]}\n`);
  const Signature = createSign("sha256").update(text.join("")).sign(privateKey, "base64");
  return JSON.stringify({ ...whole, SignatureVersion: "2", Signature, SigningCertURL: CERTIFICATE });
}

function subscription(token: string, fields: Record<string, string> = {}): string {
  const SubscribeURL = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${token}`;
  const Message = `You have chosen to subscribe to the topic ${TOPIC}.`;
  return signed({
    Type: "SubscriptionConfirmation",
    MessageId: `m-${token}`,
    Message,
    Token: token,
    SubscribeURL,
    ...fields,
  });
}

const headers = (type: string) => ({ "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": type });

describe("a subscription of Amazon SNS", () => {
  it("is confirmed at Amazon, and its notifications are then stored unchanged and passed on", async () => {
    const source = await gateway.source({ type: "aws-sns", config: { topicArn: TOPIC } }, { url: TARGET });
    tokens.pending.add("t-1");
    const response = await send(source.url, subscription("t-1"), headers("SubscriptionConfirmation"));
    expect(response.status).toBe(200);
    expect([...tokens.confirmed]).toContain("t-1");
    expect(await gateway.messages(source)).toEqual([]);

    const event = signed({ Type: "Notification", MessageId: "m-2", Message: '{"order":1.0}', Subject: "made" });
    expect((await send(source.url, event, headers("Notification"))).status).toBe(200);
    await eventually(() => expect(internet.asked).toContain(TARGET));
    expect(await gateway.messages(source)).toMatchObject([{ eventType: "Notification", eventId: "m-2" }]);
    const { json } = await gateway.call("GET", `ingest/api/v1/source/${source.id}/event`);
    expect(json["data"]).toMatchObject([{ trust: "signed", scheme: "certificate", deliveryId: "m-2" }]);
    expect(internet.asked.filter((url) => url === CERTIFICATE)).toHaveLength(1);
  });

  it("that Amazon does not confirm gets 502, and is confirmed when it is sent again", async () => {
    const source = await gateway.source({ type: "aws-sns", config: { topicArn: TOPIC } });
    const body = subscription("t-3");
    expect((await send(source.url, body, headers("SubscriptionConfirmation"))).status).toBe(502);
    tokens.pending.add("t-3");
    expect((await send(source.url, body, headers("SubscriptionConfirmation"))).status).toBe(200);
    expect([...tokens.confirmed]).toContain("t-3");
  });

  it.each([
    ["is forged", (body: string) => body.replace("t-4", "t-5"), "signature_mismatch"],
    [
      "is for a topic that is not listed",
      () => subscription("t-4", { TopicArn: `${TOPIC}-of-another` }),
      "key_untrusted",
    ],
    [
      "would call another host",
      () => subscription("t-4", { SubscribeURL: "https://sns.eu-west-1.amazonaws.com.evil.example/?Token=t-4" }),
      "certificate_untrusted",
    ],
  ])("is not confirmed when it %s, and no URL is called", async (_, change, reason) => {
    const source = await gateway.source({ type: "aws-sns", config: { topicArn: TOPIC } });
    const before = internet.asked.filter((url) => url !== CERTIFICATE).length;
    const body = change(subscription("t-4"));
    expect((await send(source.url, body, headers("SubscriptionConfirmation"))).status).toBe(401);
    await eventually(async () => expect(await gateway.quarantine(source)).toMatchObject([{ reason }]));
    expect(internet.asked.filter((url) => url !== CERTIFICATE)).toHaveLength(before);
  });
});
