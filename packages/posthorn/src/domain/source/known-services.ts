/** Services with a known signature scheme that `@posthorn/webhooks` does not define. */
import { credential, type Handshake, hmac, type ProviderDefinition } from "@posthorn/webhooks/provider";
import { genericDefinition, type HmacSettings, type Verification } from "./verification.ts";

const PLACES = { eventType: [], deliveryId: [], occurredAt: [] };
const HMAC: Omit<HmacSettings, "header"> = {
  scheme: "hmac",
  hash: "sha256",
  encoding: "hex",
  prefix: "",
  field: null,
  separator: ",",
  signed: "{body}",
  timestamp: null,
  secretEncoding: "utf8",
};

/** Services whose scheme the settings of a generic source can express. */
const AS_SETTINGS: Readonly<Record<string, Verification>> = {
  airwallex: {
    ...PLACES,
    ...HMAC,
    header: "x-signature",
    signed: "{ts}{body}",
    timestamp: { from: "header:x-timestamp", unit: "milliseconds", toleranceSeconds: 300 },
    eventType: ["{body:name}"],
    deliveryId: ["{body:id}"],
    occurredAt: ["{body:created_at}"],
  },
  nango: { ...PLACES, ...HMAC, header: "x-nango-hmac-sha256", eventType: ["{body:type}"] },
  "port-io": {
    ...PLACES,
    ...HMAC,
    header: "x-port-signature",
    encoding: "base64",
    prefix: "v1,",
    signed: "{ts}.{body}",
    timestamp: { from: "header:x-port-timestamp", unit: "seconds", toleranceSeconds: 300 },
    eventType: ["{body:action}"],
  },
  rutter: {
    ...PLACES,
    ...HMAC,
    header: "x-rutter-signature",
    encoding: "base64",
    prefix: "sha256=",
    eventType: ["{body:type}.{body:code}", "{body:type}"],
  },
  segment: {
    ...PLACES,
    ...HMAC,
    header: "x-signature",
    hash: "sha1",
    eventType: ["{body:type}"],
    deliveryId: ["{body:messageId}"],
    occurredAt: ["{body:timestamp}"],
  },
  tailscale: {
    ...PLACES,
    ...HMAC,
    header: "tailscale-webhook-signature",
    field: "v1",
    signed: "{ts}.{body}",
    timestamp: { from: "field:t", unit: "seconds", toleranceSeconds: 300 },
    eventType: ["{body:0.type}"],
    occurredAt: ["{body:0.timestamp}"],
  },
  vapi: {
    ...PLACES,
    scheme: "api-key",
    in: "header",
    name: "x-vapi-secret",
    eventType: ["{body:message.type}"],
  },
  veriff: {
    ...PLACES,
    ...HMAC,
    header: "x-hmac-signature",
    eventType: ["{body:action}"],
    deliveryId: ["{body:attemptId}.{body:action}"],
  },
};

const CLIENT_ID = "x-adobesign-clientid";

/** Acrobat Sign sends a GET to confirm the URL, and expects its client ID in every response. */
const intent: Handshake = {
  summary: `GET ${CLIENT_ID} → 200, the same header`,
  async respond(context) {
    if (context.inbound.method !== "GET") return undefined;
    await context.verify();
    return { status: 200, headers: { [CLIENT_ID]: context.inbound.header(CLIENT_ID) ?? "" }, body: "" };
  },
};

/** Services whose scheme those settings cannot express. */
const AS_DEFINITIONS: Readonly<Record<string, ProviderDefinition>> = {
  "adobe-sign": {
    id: "adobe-sign",
    name: "Acrobat Sign",
    group: "business",
    schemes: [credential({ name: "client id", header: CLIENT_ID })],
    secret: "client id of the application that made the webhook",
    event: "{body:event}",
    delivery: "{body:webhookNotificationId}",
    time: "{body:eventDate}",
    handshakes: [intent],
    respond: { status: 200, echo: CLIENT_ID },
  },
  "panda-doc": {
    id: "panda-doc",
    name: "PandaDoc",
    group: "business",
    schemes: [hmac({ find: (inbound) => [inbound.query("signature") ?? ""] })],
    secret: "shared key of the webhook",
    batch: { at: "", event: "{body:event}" },
  },
};

/** Definitions by source type. */
export const KNOWN_SERVICES: Readonly<Record<string, ProviderDefinition>> = {
  ...Object.fromEntries(
    Object.entries(AS_SETTINGS).map(([type, settings]) => [
      type,
      { ...genericDefinition(settings), id: type, name: type },
    ]),
  ),
  ...AS_DEFINITIONS,
};
