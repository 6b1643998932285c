import { metaChallenge } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body escapes non-ASCII characters. Hash the raw bytes, never re-serialised JSON. */
export const meta: ProviderDefinition = {
  id: "meta",
  name: "Meta (Facebook, Instagram, Messenger)",
  aliases: ["facebook", "instagram", "messenger"],
  group: "messaging",
  schemes: [hmac({ header: "x-hub-signature-256", prefix: "sha256=" })],
  secret: "app secret",
  config: { verifyToken: "verify token of the callback, for the GET challenge" },
  event: ["{body:object}.{body:entry.0.changes.0.field}", "{body:object}"],
  batch: { at: "entry", event: "{body:changes.0.field}", id: "{body:id}.{body:time}", time: "{body:time}" },
  handshakes: [metaChallenge],
  respond: { status: 200, within: 5 },
  retry: "for 36 h; Messenger disables the webhook after 1 h of failures",
};
