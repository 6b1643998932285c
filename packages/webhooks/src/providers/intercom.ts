import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const intercom: ProviderDefinition = {
  id: "intercom",
  name: "Intercom",
  group: "business",
  schemes: [hmac({ header: "x-hub-signature", prefix: "sha1=", hash: "sha1" })],
  secret: "client secret of the app",
  event: "{body:topic}",
  delivery: "{body:id}",
  time: "{body:created_at}",
  respond: { status: 200, within: 5, note: "410 disables the webhook" },
  retry: "once, after 1 min; Intercom suspends a webhook that keeps failing",
};
