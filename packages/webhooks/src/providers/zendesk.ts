import { jsonOrForm } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { iso, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/**
 * The secret looks like Base64 but is used as text. A test before creation is signed with a published constant. Never
 * store that.
 */
export const zendesk: ProviderDefinition = {
  id: "zendesk",
  name: "Zendesk",
  group: "business",
  schemes: [
    hmac({
      header: "x-zendesk-webhook-signature",
      encoding: "base64",
      timestamp: signedTime({ from: "header:x-zendesk-webhook-signature-timestamp", as: iso }),
      signed: "{ts}{body}",
    }),
  ],
  secret: "signing secret, as text",
  payload: jsonOrForm,
  event: "{body:type}",
  delivery: ["{body:id}", "{header:x-zendesk-webhook-invocation-id}"],
  time: ["{body:time}", "{header:x-zendesk-webhook-signature-timestamp}"],
  respond: { within: 12 },
  retry: "3 times on 409, 429 and 503; 5 times on timeouts; then a circuit breaker opens",
};
