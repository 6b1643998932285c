import { hmac } from "../provider/scheme/hmac.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const webflow: ProviderDefinition = {
  id: "webflow",
  name: "Webflow",
  group: "content",
  schemes: [
    hmac({
      header: "x-webflow-signature",
      timestamp: signedTime({ from: "header:x-webflow-timestamp", as: milliseconds, tolerance: 300 }),
      signed: "{ts}:{body}",
    }),
  ],
  secret: "client secret of the app, or secret of the webhook",
  event: "{body:triggerType}",
};
