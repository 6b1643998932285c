import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const sanity: ProviderDefinition = {
  id: "sanity",
  name: "Sanity",
  group: "content",
  schemes: [
    hmac({
      header: "sanity-webhook-signature",
      encoding: "base64url",
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", as: milliseconds, tolerance: 300 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "webhook secret",
  event: ["{header:sanity-operation}", "{body:_type}"],
  delivery: "{header:idempotency-key}",
  time: "{body:_updatedAt}",
  respond: { within: 30 },
  retry: "for 30 min, with backoff, on 429 and 5xx",
};
