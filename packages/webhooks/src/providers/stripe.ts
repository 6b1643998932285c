import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const stripe: ProviderDefinition = {
  id: "stripe",
  name: "Stripe",
  group: "payments",
  schemes: [
    hmac({
      header: "stripe-signature",
      fields: { signature: "v1" },
      timestamp: { from: "field:t", tolerance: 300 },
      signed: "{ts}.{body}",
    }),
  ],
  secret: "signing secret (whsec_…)",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:created}",
  retry: "live: exponential for 3 days; test: 3 in some hours",
  trap: "The secret is used as text, whsec_ included. One event can reach several endpoints with the same id.",
};
