import { jsonOrForm } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const zendesk: ProviderDefinition = {
  id: "zendesk",
  name: "Zendesk",
  group: "business",
  schemes: [
    hmac({
      header: "x-zendesk-webhook-signature",
      encoding: "base64",
      timestamp: { from: "header:x-zendesk-webhook-signature-timestamp", unit: "iso" },
      signed: "{ts}{body}",
    }),
  ],
  secret: "signing secret, as text",
  payload: jsonOrForm,
  event: "{body:type}",
  delivery: ["{body:id}", "{header:x-zendesk-webhook-invocation-id}"],
  time: ["{body:time}", "{header:x-zendesk-webhook-signature-timestamp}"],
  respond: { within: 12 },
  retry: "3 on 409, 429 and 503; 5 on timeouts; then a circuit breaker",
  trap: "Looks like base64, but is used as text. A test before creation is signed with a published constant: never keep it.",
};
