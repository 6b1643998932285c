import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** meta.webhook_id identifies the webhook, not the delivery. */
export const lemonsqueezy: ProviderDefinition = {
  id: "lemonsqueezy",
  name: "Lemon Squeezy",
  group: "payments",
  schemes: [hmac({ header: "x-signature" })],
  secret: "signing secret",
  event: ["{header:x-event-name}", "{body:meta.event_name}"],
  time: ["{body:data.attributes.updated_at}", "{body:data.attributes.created_at}"],
  respond: { status: 200 },
  retry: "3 more times: after 5, 25 and 125 s",
};
