import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const klaviyo: ProviderDefinition = {
  id: "klaviyo",
  name: "Klaviyo",
  group: "business",
  schemes: [
    hmac({
      header: "klaviyo-signature",
      timestamp: { from: "header:klaviyo-timestamp", unit: "iso", tolerance: 300 },
      signed: "{body}{ts}",
    }),
  ],
  secret: "secret of the webhook",
  batch: { at: "data", event: "{body:topic}", id: "{body:external_id}", time: "{body:datetime}" },
  trap: "The body comes first, then the timestamp. Webhook actions of flows are not signed.",
};
