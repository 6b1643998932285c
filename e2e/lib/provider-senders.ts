/**
 * Webhooks as providers send them, and the official libraries that verify them at the receiver.
 *
 * If an official library can sign, it signs here. If it only verifies, the signature follows the provider's documentation and the
 * library checks it.
 */
import { createHmac, generateKeyPairSync, type KeyObject, sign as signWith, verify as verifyWith } from "node:crypto";
import { loadOracle as load } from "@posthorn/testkit/oracles";

export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Arrived {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The URL that the provider called. */
  readonly url: string;
}

export interface ProviderSender {
  readonly provider: string;
  /** The signer and the verifier. */
  readonly by: string;
  /** Fields of the source besides its type; `url` is the source URL, which some providers sign. */
  readonly source: object;
  /** Whether a changed byte is detected: not if nothing is signed. */
  readonly signs: boolean;
  readonly eventType: string;
  /** The response that the provider expects. */
  readonly response?: RegExp;
  readonly send: (url: string, id: string) => Promise<Sent> | Sent;
  /** Verifies as a receiver of this provider does: throws or returns false to reject. */
  readonly accepts: (request: Arrived) => unknown;
}

const SECRET = "a-webhook-secret-0123456789abcdef";
const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const JSON_TYPE = { "content-type": "application/json" };

const hmac = (text: string, encoding: "hex" | "base64", hash = "sha256", key: string | Buffer = SECRET): string =>
  createHmac(hash, key).update(text).digest(encoding);

const seconds = (): string => String(Math.floor(Date.now() / 1000));

/** Bytes that no parser would serialise the same way. */
const odd = (fields: object): string =>
  JSON.stringify(fields, null, 1).replace("{", '{ "n": 1.0, "big": 12345678901234567890,');

async function github(): Promise<ProviderSender> {
  const { sign, verify } = await load<{
    sign: (secret: string, body: string) => Promise<string>;
    verify: (secret: string, body: string, signature: string) => Promise<boolean>;
  }>("@octokit/webhooks-methods");
  return {
    provider: "github",
    by: "@octokit/webhooks-methods",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "issues.opened",
    send: async (_url, id) => {
      const body = odd({ action: "opened", issue: { number: 1 } });
      const names = { "x-github-event": "issues", "x-github-delivery": id, "user-agent": "GitHub-Hookshot/044aadd" };
      return { body, headers: { ...JSON_TYPE, ...names, "x-hub-signature-256": await sign(SECRET, body) } };
    },
    accepts: ({ headers, body }) => verify(SECRET, body.toString(), headers["x-hub-signature-256"]!),
  };
}

interface StripeWebhooks {
  constructEvent(body: Buffer, header: string, secret: string): unknown;
  generateTestHeaderString(options: { readonly payload: string; readonly secret: string }): string;
}

async function stripe(): Promise<ProviderSender> {
  const Stripe = await load<new (key: string) => { webhooks: StripeWebhooks }>("stripe");
  const { webhooks } = new Stripe("sk_test_x");
  return {
    provider: "stripe",
    by: "stripe",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "invoice.paid",
    send: (_url, id) => {
      const payload = odd({ id: `evt_${id}`, object: "event", type: "invoice.paid", created: Number(seconds()) });
      const signature = webhooks.generateTestHeaderString({ payload, secret: SECRET });
      return { body: payload, headers: { ...JSON_TYPE, "stripe-signature": signature } };
    },
    accepts: ({ headers, body }) => webhooks.constructEvent(body, headers["stripe-signature"]!, SECRET),
  };
}

interface StandardWebhook {
  sign(id: string, at: Date, body: string): string;
  verify(body: string, headers: object): unknown;
}

async function standardFamily(
  provider: string,
  fields: object,
  type: string,
  headers: object = {},
): Promise<ProviderSender> {
  const { Webhook } = await load<{ Webhook: new (secret: string) => StandardWebhook }>("standardwebhooks");
  const webhook = new Webhook(WHSEC);
  return {
    provider,
    by: "standardwebhooks",
    source: { secrets: [WHSEC] },
    signs: true,
    eventType: type,
    send: (_url, id) => {
      const body = odd(fields);
      const now = new Date();
      const signed = {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": webhook.sign(id, now, body),
      };
      return { body, headers: { ...JSON_TYPE, ...headers, ...signed } };
    },
    accepts: ({ headers: given, body }) => webhook.verify(body.toString(), given),
  };
}

/** GitLab's older method: a token that authenticates the sender but not the content. */
function gitlabToken(): ProviderSender {
  return {
    provider: "gitlab",
    by: "a secret token",
    source: { secrets: [SECRET] },
    signs: false,
    eventType: "Push Hook",
    send: (_url, id) => ({
      body: odd({ object_kind: "push" }),
      headers: { ...JSON_TYPE, "x-gitlab-event": "Push Hook", "x-gitlab-token": SECRET, "idempotency-key": id },
    }),
    accepts: ({ headers }) => headers["x-gitlab-token"] === SECRET,
  };
}

async function slack(): Promise<ProviderSender> {
  const { isValidSlackRequest } = await load<{
    isValidSlackRequest: (options: { signingSecret: string; body: string; headers: unknown }) => boolean;
  }>("@slack/bolt/dist/receivers/verify-request.js");
  return {
    provider: "slack",
    by: "@slack/bolt",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "app_mention",
    send: (_url, id) => slackRequest(odd({ type: "event_callback", event_id: id, event: { type: "app_mention" } })),
    accepts: ({ headers, body }) => isValidSlackRequest({ signingSecret: SECRET, body: body.toString(), headers }),
  };
}

export function slackRequest(body: string): Sent {
  const time = seconds();
  const signature = `v0=${hmac(`v0:${time}:${body}`, "hex")}`;
  return { body, headers: { ...JSON_TYPE, "x-slack-request-timestamp": time, "x-slack-signature": signature } };
}

/** Discord's keys: the private key, and the public key in hexadecimal as the provider shows it. */
const discordKeys = generateKeyPairSync("ed25519");
export const discordPublicKey: string = Buffer.from(
  discordKeys.publicKey.export({ format: "jwk" }).x!,
  "base64url",
).toString("hex");

export function discordRequest(body: string): Sent {
  const time = seconds();
  const signature = signWith(null, Buffer.from(time + body), discordKeys.privateKey).toString("hex");
  return { body, headers: { ...JSON_TYPE, "x-signature-timestamp": time, "x-signature-ed25519": signature } };
}

async function discord(): Promise<ProviderSender> {
  const { verifyKey } = await load<{
    verifyKey: (body: Buffer, signature: string, timestamp: string, key: string) => Promise<boolean>;
  }>("discord-interactions");
  return {
    provider: "discord",
    by: "discord-interactions",
    source: { publicKeys: [discordPublicKey] },
    signs: true,
    eventType: "APPLICATION_AUTHORIZED",
    send: () =>
      discordRequest(
        odd({ version: 1, type: 1, event: { type: "APPLICATION_AUTHORIZED", timestamp: new Date().toISOString() } }),
      ),
    accepts: ({ headers, body }) =>
      verifyKey(body, headers["x-signature-ed25519"]!, headers["x-signature-timestamp"]!, discordPublicKey),
  };
}

async function twilio(): Promise<ProviderSender> {
  const library = await load<{
    getExpectedTwilioSignature(token: string, url: string, parameters: object): string;
    validateRequest(token: string, signature: string, url: string, parameters: object): boolean;
  }>("twilio");
  return {
    provider: "twilio",
    by: "twilio",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "",
    send: (url, id) => {
      const fields = { Body: "Grüße & more", From: "+14155550100", MessageSid: id, MediaUrl: "" };
      const headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": library.getExpectedTwilioSignature(SECRET, url, fields),
      };
      return { body: new URLSearchParams(fields).toString(), headers };
    },
    accepts: ({ headers, body, url }) => {
      const fields = Object.fromEntries(new URLSearchParams(body.toString()));
      return library.validateRequest(SECRET, headers["x-twilio-signature"]!, url, fields);
    },
  };
}

async function sendgrid(): Promise<ProviderSender> {
  const { EventWebhook } = await load<{
    EventWebhook: new () => {
      convertPublicKeyToECDSA(key: string): unknown;
      verifySignature(key: unknown, body: Buffer, signature: string, timestamp: string): boolean;
    };
  }>("@sendgrid/eventwebhook");
  const keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
  });
  const key = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const library = new EventWebhook();
  const prefix = "x-twilio-email-event-webhook";
  return {
    provider: "sendgrid",
    by: "@sendgrid/eventwebhook",
    source: { publicKeys: [key] },
    signs: true,
    eventType: "delivered",
    send: (_url, id) => {
      const body = `[{"email":"a@example.com","event":"delivered","sg_event_id":"${id}","timestamp":${seconds()}}]\r\n`;
      const time = seconds();
      const signature = signWith("sha256", Buffer.from(time + body), keys.privateKey).toString("base64");
      return { body, headers: { ...JSON_TYPE, [`${prefix}-signature`]: signature, [`${prefix}-timestamp`]: time } };
    },
    accepts: ({ headers, body }) =>
      library.verifySignature(
        library.convertPublicKeyToECDSA(key),
        body,
        headers[`${prefix}-signature`]!,
        headers[`${prefix}-timestamp`]!,
      ),
  };
}

async function shopify(): Promise<ProviderSender> {
  await load("@shopify/shopify-api/adapters/web-api");
  const { shopifyApi } = await load<{
    shopifyApi: (options: object) => {
      webhooks: { validate(input: { rawBody: string; rawRequest: Request }): Promise<{ valid: boolean }> };
    };
  }>("@shopify/shopify-api");
  const quiet = { log: () => undefined };
  const options = {
    apiKey: "key",
    apiSecretKey: SECRET,
    apiVersion: "2025-10",
    isEmbeddedApp: false,
    hostName: "example.com",
  };
  const { webhooks } = shopifyApi({ ...options, logger: quiet });
  return {
    provider: "shopify",
    by: "@shopify/shopify-api",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "orders/create",
    send: (_url, id) => {
      const body = odd({ id: 820982911946154500, email: "jon@example.com" });
      const names = {
        "x-shopify-topic": "orders/create",
        "x-shopify-shop-domain": "shop.myshopify.com",
        "x-shopify-api-version": "2025-10",
        "x-shopify-webhook-id": id,
      };
      return { body, headers: { ...JSON_TYPE, ...names, "x-shopify-hmac-sha256": hmac(body, "base64") } };
    },
    accepts: async ({ headers, body, url }) => {
      const rawBody = body.toString();
      const { "content-length": _length, connection: _connection, host: _host, ...given } = headers;
      const rawRequest = new Request(url, { method: "POST", headers: given, body: rawBody });
      return (await webhooks.validate({ rawBody, rawRequest })).valid;
    },
  };
}

async function square(): Promise<ProviderSender> {
  const { WebhooksHelper } = await load<{ WebhooksHelper: { verifySignature(input: object): Promise<boolean> } }>(
    "square",
  );
  return {
    provider: "square",
    by: "square",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "payment.created",
    send: (url, id) => {
      const body = odd({ type: "payment.created", event_id: id, created_at: new Date().toISOString() });
      return { body, headers: { ...JSON_TYPE, "x-square-hmacsha256-signature": hmac(url + body, "base64") } };
    },
    accepts: ({ headers, body, url }) =>
      WebhooksHelper.verifySignature({
        requestBody: body.toString(),
        signatureHeader: headers["x-square-hmacsha256-signature"],
        signatureKey: SECRET,
        notificationUrl: url,
      }),
  };
}

function zendesk(): ProviderSender {
  return {
    provider: "zendesk",
    by: "its documentation",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "zen:event-type:ticket.created",
    send: (_url, id) => {
      const time = new Date().toISOString();
      const body = odd({ type: "zen:event-type:ticket.created", id, time });
      const names = { "x-zendesk-webhook-signature-timestamp": time, "x-zendesk-webhook-invocation-id": id };
      return { body, headers: { ...JSON_TYPE, ...names, "x-zendesk-webhook-signature": hmac(time + body, "base64") } };
    },
    accepts: ({ headers, body }) =>
      headers["x-zendesk-webhook-signature"] ===
      hmac(headers["x-zendesk-webhook-signature-timestamp"]! + body.toString(), "base64"),
  };
}

function intercom(): ProviderSender {
  return {
    provider: "intercom",
    by: "its documentation",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "conversation.user.created",
    send: (_url, id) => {
      const body = odd({ type: "notification_event", id, topic: "conversation.user.created" });
      return { body, headers: { ...JSON_TYPE, "x-hub-signature": `sha1=${hmac(body, "hex", "sha1")}` } };
    },
    accepts: ({ headers, body }) => headers["x-hub-signature"] === `sha1=${hmac(body.toString(), "hex", "sha1")}`,
  };
}

const TEAMS_TOKEN = Buffer.from("a-security-token-of-32-bytes-000").toString("base64");
const teamsSignature = (body: string): string =>
  `HMAC ${hmac(body, "base64", "sha256", Buffer.from(TEAMS_TOKEN, "base64"))}`;

function teams(): ProviderSender {
  return {
    provider: "microsoft-teams",
    by: "its documentation",
    source: { secrets: [TEAMS_TOKEN] },
    signs: true,
    eventType: "message",
    response: /^\{"type":"message"/,
    send: (_url, id) => {
      const body = odd({ type: "message", id, text: "<at>Bot</at> hello" });
      return { body, headers: { ...JSON_TYPE, authorization: teamsSignature(body) } };
    },
    accepts: ({ headers, body }) => headers["authorization"] === teamsSignature(body.toString()),
  };
}

function meta(): ProviderSender {
  return {
    provider: "meta",
    by: "its documentation",
    source: { secrets: [SECRET], config: { verifyToken: "meatyhamhock" } },
    signs: true,
    eventType: "page.feed",
    send: (_url, id) => {
      const body = odd({ object: "page", entry: [{ id, time: 1, changes: [{ field: "feed" }] }] });
      return { body, headers: { ...JSON_TYPE, "x-hub-signature-256": `sha256=${hmac(body, "hex")}` } };
    },
    accepts: ({ headers, body }) => headers["x-hub-signature-256"] === `sha256=${hmac(body.toString(), "hex")}`,
  };
}

export function zoomRequest(body: string): Sent {
  const time = seconds();
  const names = { "x-zm-request-timestamp": time, "x-zm-signature": `v0=${hmac(`v0:${time}:${body}`, "hex")}` };
  return { body, headers: { ...JSON_TYPE, ...names } };
}

export function zoomToken(plainToken: string): string {
  return hmac(plainToken, "hex");
}

function zoom(): ProviderSender {
  return {
    provider: "zoom",
    by: "its documentation",
    source: { secrets: [SECRET] },
    signs: true,
    eventType: "meeting.started",
    send: (_url, id) => zoomRequest(odd({ event: "meeting.started", event_ts: 1, payload: { object: { uuid: id } } })),
    accepts: ({ headers, body }) =>
      headers["x-zm-signature"] === `v0=${hmac(`v0:${headers["x-zm-request-timestamp"]}:${body.toString()}`, "hex")}`,
  };
}

const SNS_TOPIC = "arn:aws:sns:us-east-1:123456789012:orders";

/** The text that SNS signs for a notification: names and values, one per line, in the order of the names. */
function snsText(fields: Readonly<Record<string, string>>): string {
  const names = ["Message", "MessageId", "Timestamp", "TopicArn", "Type"];
  return names.map((name) => `${name}\n${fields[name]}\n`).join("");
}

function sns(): ProviderSender {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    provider: "aws-sns",
    by: "its documentation",
    source: {
      config: { topicArn: SNS_TOPIC },
      publicKeys: [publicKey.export({ type: "spki", format: "pem" }).toString()],
    },
    signs: true,
    eventType: "",
    send: (_url, id) => {
      const Timestamp = new Date().toISOString();
      const fields = { Type: "Notification", MessageId: id, TopicArn: SNS_TOPIC, Timestamp, Message: "order 7 paid" };
      const Signature = signWith("sha256", Buffer.from(snsText(fields)), privateKey).toString("base64");
      const SigningCertURL = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem";
      const body = odd({ SignatureVersion: "2", Signature, SigningCertURL, ...fields });
      return {
        body,
        headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification" },
      };
    },
    accepts: ({ body }) => {
      const fields = JSON.parse(body.toString()) as Record<string, string>;
      return verifyWith("sha256", Buffer.from(snsText(fields)), publicKey, Buffer.from(fields["Signature"]!, "base64"));
    },
  };
}

function salesforce(): ProviderSender {
  const soap = (id: string): string =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>` +
    `<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D1</OrganizationId>` +
    `<ActionId>04k1</ActionId><SessionId xsi:nil="true"/><Notification><Id>${id}</Id>` +
    `<sObject xsi:type="sf:Account" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>001</sf:Id></sObject>` +
    `</Notification></notifications></soapenv:Body></soapenv:Envelope>`;
  return {
    provider: "salesforce",
    by: "its documentation",
    source: {},
    signs: false,
    eventType: "Account",
    response: /<Ack>true<\/Ack>/,
    send: (_url, id) => ({ body: soap(id), headers: { "content-type": "text/xml; charset=utf-8", soapaction: '""' } }),
    accepts: ({ headers, body }) =>
      headers["soapaction"] === '""' && body.includes("<OrganizationId>00D1</OrganizationId>"),
  };
}

const loaded: readonly ProviderSender[] = await Promise.all([
  github(),
  stripe(),
  standardFamily("gitlab", { object_kind: "push" }, "Push Hook", { "x-gitlab-event": "Push Hook" }),
  slack(),
  discord(),
  twilio(),
  sendgrid(),
  shopify(),
  square(),
  standardFamily("standard-webhooks", { type: "user.created", timestamp: "2026-01-01T00:00:00Z" }, "user.created"),
]);

export const providerSenders: readonly ProviderSender[] = [
  ...loaded,
  gitlabToken(),
  zendesk(),
  intercom(),
  teams(),
  meta(),
  zoom(),
  sns(),
  salesforce(),
];
