import { cleanHeader, json } from "../provider/handshakes.ts";
import { credential } from "../provider/scheme/credential.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

const verification: Handshake = {
  summary: "GET X-Okta-Verification-Challenge → 200 {verification}",
  async respond(context) {
    const challenge = context.inbound.header("x-okta-verification-challenge");
    if (context.inbound.method !== "GET" || challenge === undefined) return undefined;
    if (context.secrets.length > 0) await context.verify();
    return json({ verification: cleanHeader(challenge) });
  },
};

export const okta: ProviderDefinition = {
  id: "okta",
  name: "Okta event hooks",
  group: "identity",
  schemes: [credential({ header: "authorization", configurable: true })],
  secret: "authentication secret of the hook",
  delivery: "{body:eventId}",
  time: "{body:eventTime}",
  batch: { at: "data.events", event: "{body:eventType}", id: "{body:uuid}", time: "{body:published}" },
  handshakes: [verification],
  respond: { status: 204, within: 3 },
  retry: "once; never on 4xx",
};
