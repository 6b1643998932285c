import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const coinbaseCommerce: ProviderDefinition = {
  id: "coinbase-commerce",
  name: "Coinbase Commerce",
  group: "payments",
  schemes: [hmac({ header: "x-cc-webhook-signature" })],
  secret: "shared secret",
  event: "{body:event.type}",
  delivery: "{body:event.id}",
  time: "{body:event.created_at}",
  respond: { status: 200 },
  retry: "exponential backoff for 3 days, at most 1 h apart",
};
