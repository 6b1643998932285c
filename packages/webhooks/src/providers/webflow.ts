import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const webflow: ProviderDefinition = {
  id: "webflow",
  name: "Webflow",
  group: "content",
  schemes: [
    hmac({
      header: "x-webflow-signature",
      timestamp: { from: "header:x-webflow-timestamp", unit: "ms", tolerance: 300 },
      signed: "{ts}:{body}",
    }),
  ],
  secret: "client secret of the app, or secret of the webhook",
  event: "{body:triggerType}",
};
