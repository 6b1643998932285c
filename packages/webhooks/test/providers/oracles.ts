import { generateKeyPairSync } from "node:crypto";
import { loadOracle as load } from "@posthorn/testkit/oracles";
import type { SignProviderOptions } from "../../src/testing/index.ts";
import { pem } from "./certificates.ts";
import type { WebhookRequest } from "../../src/request.ts";

/** Official library of a provider: verifies requests and, if it can, signs them. */
export interface Oracle {
  readonly library: string;
  readonly provider: string;
  readonly options: SignProviderOptions;
  /** For providers that sign with a private key. */
  readonly publicKeys?: readonly string[];
  /** Wraps arbitrary text into the kind of body that the provider sends. */
  readonly body: (text: string) => string;
  readonly accepts: (request: OracleRequest) => unknown;
  readonly signs?: (body: string) => Promise<Signed> | Signed;
}

export interface OracleRequest extends WebhookRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Current time of all tests. The libraries read the system clock, which the tests set to it. */
export const NOW: number = Date.parse("2026-03-01T12:00:00Z");
const SECONDS = NOW / 1000;
const URL_CALLED = "https://example.com/webhooks?a=1";
const SECRET = "a-webhook-secret-0123456789abcdef";
const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HEX_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
const JSON_HEADERS = { "content-type": "application/json" };

const note = (text: string): string => JSON.stringify({ note: text });

function common(options: SignProviderOptions = {}): Pick<Oracle, "options" | "body"> {
  return { options: { secret: SECRET, url: URL_CALLED, headers: JSON_HEADERS, ...options }, body: note };
}

interface StripeWebhooks {
  constructEvent(body: string, header: string, secret: string): unknown;
  generateTestHeaderString(options: { payload: string; secret: string; timestamp: number }): string;
}

async function stripe(): Promise<Oracle> {
  const Stripe = await load<new (key: string) => { webhooks: StripeWebhooks }>("stripe");
  const { webhooks } = new Stripe("sk_test_x");
  return {
    library: "stripe",
    provider: "stripe",
    ...common(),
    accepts: ({ text, headers }) => webhooks.constructEvent(text, headers["stripe-signature"] ?? "", SECRET),
    signs: (payload) => ({
      headers: {
        "stripe-signature": webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: SECONDS }),
      },
    }),
  };
}

async function octokit(): Promise<Oracle> {
  const { sign, verify } = await load<{
    sign: (secret: string, body: string) => Promise<string>;
    verify: (secret: string, body: string, signature: string) => Promise<boolean>;
  }>("@octokit/webhooks-methods");
  return {
    library: "@octokit/webhooks-methods",
    provider: "github",
    ...common(),
    accepts: ({ text, headers }) => verify(SECRET, text, headers["x-hub-signature-256"] ?? ""),
    signs: async (body) => ({ headers: { "x-hub-signature-256": await sign(SECRET, body) } }),
  };
}

async function slack(): Promise<Oracle> {
  const { isValidSlackRequest } = await load<{
    isValidSlackRequest: (options: { signingSecret: string; body: string; headers: unknown }) => boolean;
  }>("@slack/bolt/dist/receivers/verify-request.js");
  return {
    library: "@slack/bolt",
    provider: "slack",
    ...common(),
    accepts: ({ text, headers }) => isValidSlackRequest({ signingSecret: SECRET, body: text, headers }),
  };
}

interface Twilio {
  validateRequest(token: string, signature: string, url: string, parameters: object): boolean;
  validateRequestWithBody(token: string, signature: string, url: string, body: string): boolean;
}

async function twilioForm(): Promise<Oracle> {
  const twilio = await load<Twilio>("twilio");
  return {
    library: "twilio",
    provider: "twilio",
    ...common({ headers: { "content-type": "application/x-www-form-urlencoded" } }),
    body: (text) => new URLSearchParams({ Body: text, From: "+14155550100", MediaUrl: "" }).toString(),
    accepts: ({ text, headers, url }) =>
      twilio.validateRequest(
        SECRET,
        headers["x-twilio-signature"] ?? "",
        url,
        Object.fromEntries(new URLSearchParams(text)),
      ),
  };
}

async function twilioJson(): Promise<Oracle> {
  const twilio = await load<Twilio>("twilio");
  return {
    library: "twilio (JSON body)",
    provider: "twilio",
    ...common(),
    accepts: ({ text, headers, url }) =>
      twilio.validateRequestWithBody(SECRET, headers["x-twilio-signature"] ?? "", url, text),
  };
}

async function shopify(): Promise<Oracle> {
  await load("@shopify/shopify-api/adapters/web-api");
  const { shopifyApi } = await load<{
    shopifyApi: (options: object) => {
      webhooks: { validate(input: { rawBody: string; rawRequest: Request }): Promise<{ valid: boolean }> };
    };
  }>("@shopify/shopify-api");
  const api = shopifyApi({
    apiKey: "key",
    apiSecretKey: SECRET,
    apiVersion: "2025-10",
    isEmbeddedApp: false,
    hostName: "example.com",
    logger: { log: () => undefined },
  });
  const headers = {
    ...JSON_HEADERS,
    "x-shopify-topic": "orders/create",
    "x-shopify-shop-domain": "shop.myshopify.com",
    "x-shopify-api-version": "2025-10",
    "x-shopify-webhook-id": "b54557e4",
  };
  return {
    library: "@shopify/shopify-api",
    provider: "shopify",
    ...common({ headers }),
    accepts: async ({ text, headers: given, url }) => {
      const rawRequest = new Request(url, { method: "POST", headers: given, body: text });
      return (await api.webhooks.validate({ rawBody: text, rawRequest })).valid;
    },
  };
}

async function square(): Promise<Oracle> {
  const { WebhooksHelper } = await load<{ WebhooksHelper: { verifySignature(input: object): Promise<boolean> } }>(
    "square",
  );
  return {
    library: "square",
    provider: "square",
    ...common({ config: { notificationUrl: URL_CALLED } }),
    accepts: ({ text, headers }) =>
      WebhooksHelper.verifySignature({
        requestBody: text,
        signatureHeader: headers["x-square-hmacsha256-signature"],
        signatureKey: SECRET,
        notificationUrl: URL_CALLED,
      }),
  };
}

interface SvixWebhook {
  sign(id: string, at: Date, body: string): string;
  verify(body: string, headers: object): unknown;
}

async function standardFamily(library: string, provider: string, prefix: string): Promise<Oracle> {
  const { Webhook } = await load<{ Webhook: new (secret: string) => SvixWebhook }>(library);
  const webhook = new Webhook(WHSEC);
  return {
    library,
    provider,
    ...common({ secret: WHSEC }),
    accepts: ({ text, headers }) => webhook.verify(text, headers),
    signs: (body) => ({
      headers: {
        [`${prefix}-id`]: "msg_1",
        [`${prefix}-timestamp`]: String(SECONDS),
        [`${prefix}-signature`]: webhook.sign("msg_1", new Date(NOW), body),
      },
    }),
  };
}

interface AdyenValidator {
  calculateHmac(item: unknown, key: string): string;
  validateHMAC(item: unknown, key: string): boolean;
  validateHMACSignature(key: string, signature: string, body: string): boolean;
}

async function adyenItems(): Promise<Oracle> {
  const { hmacValidator } = await load<{ hmacValidator: new () => AdyenValidator }>("@adyen/api-library");
  const validator = new hmacValidator();
  const item = (text: string): object => ({
    pspReference: "7914073381342284",
    merchantAccountCode: "Merchant",
    merchantReference: text,
    amount: { value: 1130, currency: "EUR" },
    eventCode: "AUTHORISATION",
    success: "true",
  });
  const wrap = (entry: object): string => JSON.stringify({ notificationItems: [{ NotificationRequestItem: entry }] });
  return {
    library: "@adyen/api-library (items)",
    provider: "adyen",
    ...common({ secret: HEX_KEY, scheme: "standard" }),
    body: (text) => wrap(item(text)),
    accepts: ({ text }) => {
      const parsed = JSON.parse(text) as { notificationItems: readonly { NotificationRequestItem: unknown }[] };
      return parsed.notificationItems.every((entry) => validator.validateHMAC(entry.NotificationRequestItem, HEX_KEY));
    },
    signs: (body) => {
      const parsed = JSON.parse(body) as { notificationItems: readonly { NotificationRequestItem: object }[] };
      const [entry] = parsed.notificationItems.map((each) => each.NotificationRequestItem);
      const hmacSignature = validator.calculateHmac(entry, HEX_KEY);
      return { headers: {}, body: wrap({ ...entry, additionalData: { hmacSignature } }) };
    },
  };
}

async function adyenPlatforms(): Promise<Oracle> {
  const { hmacValidator } = await load<{ hmacValidator: new () => AdyenValidator }>("@adyen/api-library");
  const validator = new hmacValidator();
  return {
    library: "@adyen/api-library (platforms)",
    provider: "adyen",
    ...common({ secret: HEX_KEY, scheme: "platforms" }),
    accepts: ({ text, headers }) => validator.validateHMACSignature(HEX_KEY, headers["hmacsignature"] ?? "", text),
    signs: (body) => ({ headers: { hmacsignature: validator.calculateHmac(body, HEX_KEY) } }),
  };
}

async function paddle(): Promise<Oracle> {
  const { Paddle } = await load<{
    Paddle: new (key: string) => {
      webhooks: { isSignatureValid(body: string, secret: string, signature: string): Promise<boolean> };
    };
  }>("@paddle/paddle-node-sdk");
  const { webhooks } = new Paddle("key");
  return {
    library: "@paddle/paddle-node-sdk",
    provider: "paddle",
    ...common(),
    accepts: ({ text, headers }) => webhooks.isSignatureValid(text, SECRET, headers["paddle-signature"] ?? ""),
  };
}

async function razorpay(): Promise<Oracle> {
  const { validateWebhookSignature } = await load<{
    validateWebhookSignature: (body: string, signature: string, secret: string) => boolean;
  }>("razorpay");
  return {
    library: "razorpay",
    provider: "razorpay",
    ...common(),
    accepts: ({ text, headers }) => validateWebhookSignature(text, headers["x-razorpay-signature"] ?? "", SECRET),
  };
}

async function livekit(): Promise<Oracle> {
  const { WebhookReceiver } = await load<{
    WebhookReceiver: new (key: string, secret: string) => { receive(body: string, header?: string): Promise<unknown> };
  }>("livekit-server-sdk");
  const receiver = new WebhookReceiver("api-key", SECRET);
  return {
    library: "livekit-server-sdk",
    provider: "livekit",
    ...common({ config: { apiKey: "api-key" } }),
    body: (text) => JSON.stringify({ event: "room_started", id: text }),
    accepts: ({ text, headers }) => receiver.receive(text, headers["authorization"]),
  };
}

async function qstash(): Promise<Oracle> {
  const { Receiver } = await load<{ Receiver: new (keys: object) => { verify(input: object): Promise<boolean> } }>(
    "@upstash/qstash",
  );
  const receiver = new Receiver({ currentSigningKey: "another", nextSigningKey: SECRET });
  return {
    library: "@upstash/qstash",
    provider: "qstash",
    ...common(),
    accepts: ({ text, headers, url }) => receiver.verify({ signature: headers["upstash-signature"], body: text, url }),
  };
}

async function linear(): Promise<Oracle> {
  const { LinearWebhookClient } = await load<{
    LinearWebhookClient: new (secret: string) => { verify(body: Buffer, signature: string): boolean };
  }>("@linear/sdk/webhooks");
  const client = new LinearWebhookClient(SECRET);
  return {
    library: "@linear/sdk",
    provider: "linear",
    ...common(),
    body: (text) => JSON.stringify({ note: text, webhookTimestamp: NOW }),
    accepts: ({ text, headers }) => client.verify(Buffer.from(text), headers["linear-signature"] ?? ""),
  };
}

async function hubspot(version: "v1" | "v2" | "v3"): Promise<Oracle> {
  const { Signature } = await load<{ Signature: { isValid(options: object): boolean } }>("@hubspot/api-client");
  const header = version === "v3" ? "x-hubspot-signature-v3" : "x-hubspot-signature";
  const headers = { ...JSON_HEADERS, ...(version !== "v3" && { "x-hubspot-signature-version": version }) };
  return {
    library: `@hubspot/api-client (${version})`,
    provider: "hubspot",
    ...common({ scheme: version, headers }),
    accepts: ({ text, headers: given, url }) =>
      Signature.isValid({
        signatureVersion: version,
        clientSecret: SECRET,
        requestBody: text,
        signature: given[header],
        url,
        timestamp: NOW,
      }),
  };
}

async function contentful(): Promise<Oracle> {
  const secret = SECRET.padEnd(64, "x");
  const { signRequest, verifyRequest } = await load<{
    signRequest: (secret: string, request: object, at: number) => Record<string, string>;
    verifyRequest: (secret: string, request: object) => boolean;
  }>("@contentful/node-apps-toolkit");
  const path = "/webhooks?a=1";
  return {
    library: "@contentful/node-apps-toolkit",
    provider: "contentful",
    ...common({ secret }),
    accepts: ({ text, headers, method }) => verifyRequest(secret, { method, path, headers, body: text }),
    signs: (body) => ({ headers: signRequest(secret, { method: "POST", path, headers: JSON_HEADERS, body }, NOW) }),
  };
}

async function hygraph(): Promise<Oracle> {
  const { verifyWebhookSignature, generateWebhookSignature } = await load<{
    verifyWebhookSignature: (input: object) => boolean;
    generateWebhookSignature: (input: object) => string;
  }>("@hygraph/utils");
  return {
    library: "@hygraph/utils",
    provider: "hygraph",
    ...common(),
    accepts: ({ text, headers }) =>
      verifyWebhookSignature({ rawPayload: text, signature: headers["gcms-signature"], secret: SECRET }),
    signs: (body) => ({
      headers: { "gcms-signature": generateWebhookSignature({ rawPayload: body, secret: SECRET }) },
    }),
  };
}

async function hook0(): Promise<Oracle> {
  const { verifyWebhookSignature } = await load<{
    verifyWebhookSignature: (
      header: string,
      body: Buffer,
      headers: Headers,
      secret: string,
      tolerance: number,
    ) => unknown;
  }>("hook0-client");
  return {
    library: "hook0-client",
    provider: "coinbase-cdp",
    ...common({ headers: { ...JSON_HEADERS, "x-event-id": "evt-1" } }),
    accepts: ({ text, headers }) =>
      verifyWebhookSignature(headers["x-hook0-signature"] ?? "", Buffer.from(text), new Headers(headers), SECRET, 300),
  };
}

async function atlassian(): Promise<Oracle> {
  const { decodeSymmetric, createQueryStringHash, fromMethodAndUrl } = await load<{
    decodeSymmetric: (token: string, secret: string, algorithm: string) => { qsh: string };
    createQueryStringHash: (request: unknown, checkBody: boolean, baseUrl: string) => string;
    fromMethodAndUrl: (method: string, url: string) => unknown;
  }>("atlassian-jwt");
  return {
    library: "atlassian-jwt",
    provider: "atlassian-connect",
    ...common({ config: { baseUrl: "https://example.com" } }),
    accepts: ({ headers, method, url }) => {
      const { qsh } = decodeSymmetric((headers["authorization"] ?? "").slice(4), SECRET, "HS256");
      return qsh === createQueryStringHash(fromMethodAndUrl(method, url), false, "https://example.com");
    },
  };
}

async function braintree(): Promise<Oracle> {
  const { BraintreeGateway, Environment } = await load<{
    BraintreeGateway: new (options: object) => {
      webhookNotification: { parse(signature: string, payload: string): Promise<unknown> };
      webhookTesting: { sampleNotification(kind: string, id: string): Promise<Record<string, string>> };
    };
    Environment: { Sandbox: unknown };
  }>("braintree");
  const gateway = new BraintreeGateway({
    environment: Environment.Sandbox,
    merchantId: "merchant",
    publicKey: "public",
    privateKey: SECRET,
  });
  return {
    library: "braintree",
    provider: "braintree",
    ...common({ config: { publicKey: "public" } }),
    body: (text) =>
      `<notification><kind>check</kind><timestamp>2026-03-01</timestamp><subject><check>true</check></subject>` +
      `<note>${encodeURIComponent(text)}</note></notification>`,
    accepts: ({ text }) => {
      const form = new URLSearchParams(text);
      return gateway.webhookNotification.parse(form.get("bt_signature") ?? "", form.get("bt_payload") ?? "");
    },
    signs: async (body) => ({
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(
        await gateway.webhookTesting.sampleNotification("subscription_canceled", String(body.length)),
      ).toString(),
    }),
  };
}

async function discord(): Promise<Oracle> {
  const { verifyKey } = await load<{
    verifyKey: (body: string, signature: string, timestamp: string, key: string) => Promise<boolean>;
  }>("discord-interactions");
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
  return {
    library: "discord-interactions",
    provider: "discord",
    ...common({ privateKey: pem(privateKey) }),
    publicKeys: [raw],
    accepts: ({ text, headers }) =>
      verifyKey(text, headers["x-signature-ed25519"] ?? "", headers["x-signature-timestamp"] ?? "", raw),
  };
}

async function sendgrid(): Promise<Oracle> {
  const { EventWebhook } = await load<{
    EventWebhook: new () => {
      convertPublicKeyToECDSA(key: string): unknown;
      verifySignature(key: unknown, body: string, signature: string, timestamp: string): boolean;
    };
  }>("@sendgrid/eventwebhook");
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const library = new EventWebhook();
  const key = library.convertPublicKeyToECDSA(spki);
  const prefix = "x-twilio-email-event-webhook";
  return {
    library: "@sendgrid/eventwebhook",
    provider: "sendgrid",
    ...common({ privateKey: pem(privateKey) }),
    publicKeys: [spki],
    accepts: ({ text, headers }) =>
      library.verifySignature(key, text, headers[`${prefix}-signature`] ?? "", headers[`${prefix}-timestamp`] ?? ""),
  };
}

async function vonage(): Promise<Oracle> {
  const { verifySignature } = await load<{ verifySignature: (token: string, secret: string) => boolean }>(
    "@vonage/jwt",
  );
  return {
    library: "@vonage/jwt",
    provider: "vonage",
    ...common(),
    accepts: ({ headers }) => verifySignature((headers["authorization"] ?? "").slice(7), SECRET),
  };
}

export const oracles: readonly Oracle[] = await Promise.all([
  stripe(),
  octokit(),
  slack(),
  twilioForm(),
  twilioJson(),
  shopify(),
  square(),
  standardFamily("svix", "svix", "svix"),
  standardFamily("standardwebhooks", "standard-webhooks", "webhook"),
  adyenItems(),
  adyenPlatforms(),
  paddle(),
  razorpay(),
  livekit(),
  qstash(),
  linear(),
  hubspot("v1"),
  hubspot("v2"),
  hubspot("v3"),
  contentful(),
  hygraph(),
  hook0(),
  atlassian(),
  braintree(),
  discord(),
  sendgrid(),
  vonage(),
]);
