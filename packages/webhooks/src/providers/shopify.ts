import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Respond to privacy topics with 401 when the signature is wrong. X-Shopify-Event-Id groups several webhooks. */
export const shopify: ProviderDefinition = {
  id: "shopify",
  name: "Shopify",
  group: "content",
  schemes: [hmac({ header: ["x-shopify-hmac-sha256", "shopify-hmac-sha256"], encoding: "base64" })],
  secret: "client secret of the app",
  event: ["{header:x-shopify-topic}", "{header:shopify-topic}"],
  delivery: ["{header:x-shopify-webhook-id}", "{header:shopify-webhook-id}"],
  time: ["{header:x-shopify-triggered-at}", "{header:shopify-triggered-at}", "{body:updated_at}"],
  respond: { status: 200, reject: 401, within: 5, note: "Shopify must be able to connect within 1 s" },
  retry: "8 times over 4 h, then Shopify removes the subscription",
};
