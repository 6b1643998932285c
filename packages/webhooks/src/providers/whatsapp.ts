import { metaChallenge } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The verify token is not the app secret. The body escapes non-ASCII characters. Hash the raw bytes. */
export const whatsapp: ProviderDefinition = {
  id: "whatsapp",
  name: "WhatsApp Cloud API",
  group: "messaging",
  schemes: [hmac({ header: "x-hub-signature-256", prefix: "sha256=" })],
  secret: "app secret",
  config: { verifyToken: "verify token of the callback, for the GET challenge" },
  event: "{body:entry.0.changes.0.field}",
  delivery: [
    "{body:entry.0.changes.0.value.messages.0.id}",
    "{body:entry.0.changes.0.value.statuses.0.id}.{body:entry.0.changes.0.value.statuses.0.status}",
  ],
  time: ["{body:entry.0.changes.0.value.messages.0.timestamp}", "{body:entry.0.changes.0.value.statuses.0.timestamp}"],
  handshakes: [metaChallenge],
  respond: { status: 200 },
  retry: "for up to 7 days",
};
