import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The whole secret is the key, including whsec_. One event can reach several endpoints with the same ID. */
export const stripe: ProviderDefinition = {
  id: "stripe",
  name: "Stripe",
  group: "payments",
  schemes: [
    hmac({
      header: "stripe-signature",
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", tolerance: 300 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "signing secret (whsec_…)",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:created}",
  retry: "live: exponential backoff for 3 days; test: 3 times within a few hours",
};
