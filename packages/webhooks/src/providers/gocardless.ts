import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** One request contains up to 250 events. */
export const gocardless: ProviderDefinition = {
  id: "gocardless",
  name: "GoCardless",
  group: "payments",
  schemes: [hmac({ header: "webhook-signature" })],
  secret: "endpoint secret",
  delivery: "{body:meta.webhook_id}",
  batch: { at: "events", event: "{body:resource_type}.{body:action}", id: "{body:id}", time: "{body:created_at}" },
  respond: { status: 204, reject: 498 },
  retry: "8 times at increasing intervals",
};
