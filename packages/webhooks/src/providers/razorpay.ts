import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const razorpay: ProviderDefinition = {
  id: "razorpay",
  name: "Razorpay",
  group: "payments",
  schemes: [hmac({ header: "x-razorpay-signature" })],
  secret: "webhook secret",
  event: "{body:event}",
  delivery: "{header:x-razorpay-event-id}",
  time: "{body:created_at}",
  respond: { within: 5 },
  retry: "exponential backoff for 24 h, then Razorpay disables the webhook",
};
