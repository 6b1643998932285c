import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const helpscout: ProviderDefinition = {
  id: "helpscout",
  name: "Help Scout",
  group: "business",
  schemes: [hmac({ header: "x-helpscout-signature", hash: "sha1", encoding: "base64" })],
  secret: "secret key of the webhook",
  event: "{header:x-helpscout-event}",
};
