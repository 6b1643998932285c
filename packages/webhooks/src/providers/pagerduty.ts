import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const pagerduty: ProviderDefinition = {
  id: "pagerduty",
  name: "PagerDuty",
  group: "observability",
  schemes: [hmac({ header: "x-pagerduty-signature", fields: pairs("v1") })],
  secret: "secret shown once, when the subscription is created",
  event: "{body:event.event_type}",
  delivery: ["{body:event.id}", "{header:x-webhook-id}"],
  time: "{body:event.occurred_at}",
  respond: { status: 202, within: 5 },
  retry:
    "5 attempts in about 20 min on timeouts, 429 and 5xx; other 4xx drop the event, and 3 drops disable the webhook for 24 h",
};
