import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const calendly: ProviderDefinition = {
  id: "calendly",
  name: "Calendly",
  group: "business",
  schemes: [
    hmac({
      header: "calendly-webhook-signature",
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", tolerance: 180 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "signing key of the subscription",
  event: "{body:event}",
  delivery: "{body:event}.{body:payload.uri}.{body:payload.updated_at}",
  time: "{body:created_at}",
  respond: { within: 15 },
  retry: "exponential backoff for 24 h, then Calendly disables the subscription",
};
