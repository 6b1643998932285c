import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Rotating the API key rotates the webhook key with it. */
export const paystack: ProviderDefinition = {
  id: "paystack",
  name: "Paystack",
  group: "payments",
  schemes: [hmac({ header: "x-paystack-signature", hash: "sha512" })],
  secret: "API secret key (sk_…)",
  event: "{body:event}",
  time: ["{body:data.paid_at}", "{body:data.created_at}", "{body:data.createdAt}"],
  respond: { status: 200 },
  retry: "live: 4 times, every 3 min, then hourly for 72 h; test: hourly for 10 h",
};
