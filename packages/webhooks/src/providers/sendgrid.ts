import { asymmetric, ecdsaP256 } from "../provider/scheme/asymmetric.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body ends with CRLF, which is part of the signed text. */
export const sendgrid: ProviderDefinition = {
  id: "sendgrid",
  name: "SendGrid Event Webhook",
  group: "messaging",
  schemes: [
    asymmetric({
      algorithm: ecdsaP256,
      header: "x-twilio-email-event-webhook-signature",
      timestamp: signedTime({ from: "header:x-twilio-email-event-webhook-timestamp" }),
      signed: "{ts}{body}",
    }),
  ],
  secret: "verification key (Base64)",
  batch: { at: "", event: "{body:event}", id: "{body:sg_event_id}", time: "{body:timestamp}" },
  respond: { within: 3 },
  retry: "for 24 h",
};
