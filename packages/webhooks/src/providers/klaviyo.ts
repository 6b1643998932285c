import { hmac } from "../provider/scheme/hmac.ts";
import { iso, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** In the signed text, the body comes before the timestamp. Webhook actions of flows are not signed. */
export const klaviyo: ProviderDefinition = {
  id: "klaviyo",
  name: "Klaviyo",
  group: "business",
  schemes: [
    hmac({
      header: "klaviyo-signature",
      timestamp: signedTime({ from: "header:klaviyo-timestamp", as: iso, tolerance: 300 }),
      signed: "{body}{ts}",
    }),
  ],
  secret: "secret of the webhook",
  batch: { at: "data", event: "{body:topic}", id: "{body:external_id}", time: "{body:datetime}" },
};
