import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const typeform: ProviderDefinition = {
  id: "typeform",
  name: "Typeform",
  group: "business",
  schemes: [hmac({ header: "typeform-signature", prefix: "sha256=", encoding: "base64" })],
  secret: "webhook secret",
  event: "{body:event_type}",
  delivery: "{body:event_id}",
  time: "{body:form_response.submitted_at}",
  respond: { within: 30, note: "404 and 410 disable the webhook" },
  retry: "every 2 to 3 min for 10 h on 408, 423, 429 and 503; less often on other 4xx",
};
