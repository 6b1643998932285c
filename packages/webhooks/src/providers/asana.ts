import { cleanHeader, requireNoSecret } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/** Asana sends the secret once, while the webhook is being created. */
const secretHandshake: Handshake = {
  summary: "X-Hook-Secret → 200 with the same header; store the secret (only while there is none)",
  respond(context) {
    const secret = context.inbound.header("x-hook-secret");
    if (secret === undefined || secret === "") return undefined;
    requireNoSecret(context);
    return {
      status: 200,
      headers: { "x-hook-secret": cleanHeader(secret) },
      body: "",
      action: { kind: "store-secret", secret },
    };
  },
};

/** A heartbeat without events arrives every 8 h. Accept the handshake only once. */
export const asana: ProviderDefinition = {
  id: "asana",
  name: "Asana",
  group: "development",
  schemes: [hmac({ header: "x-hook-signature" })],
  secret: "X-Hook-Secret received in the handshake",
  batch: { at: "events", event: ["{body:resource.resource_type}.{body:action}"], time: "{body:created_at}" },
  handshakes: [secretHandshake],
  respond: { within: 10 },
  retry: "exponential backoff for 24 h, then Asana deletes the webhook",
  mask: ["header:x-hook-secret"],
};
