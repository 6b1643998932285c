import { asymmetric, ecdsaP256 } from "../provider/scheme/asymmetric.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const sendgrid: ProviderDefinition = {
  id: "sendgrid",
  name: "SendGrid Event Webhook",
  group: "messaging",
  schemes: [
    asymmetric({
      algorithm: ecdsaP256,
      header: "x-twilio-email-event-webhook-signature",
      timestamp: { from: "header:x-twilio-email-event-webhook-timestamp" },
      signed: "{ts}{body}",
    }),
  ],
  secret: "verification key (base64)",
  batch: { at: "", event: "{body:event}", id: "{body:sg_event_id}", time: "{body:timestamp}" },
  respond: { within: 3 },
  retry: "for 24 h",
  trap: "The body ends with CRLF, which is signed too.",
};
