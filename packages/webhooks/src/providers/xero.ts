import { signedEmptyBatch } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const xero: ProviderDefinition = {
  id: "xero",
  name: "Xero",
  group: "payments",
  schemes: [hmac({ header: "x-xero-signature", encoding: "base64" })],
  secret: "webhook key",
  batch: {
    at: "events",
    event: "{body:eventCategory}.{body:eventType}",
    id: "{body:resourceId}.{body:eventDateUtc}",
    time: "{body:eventDateUtc}",
  },
  handshakes: [signedEmptyBatch("events")],
  respond: { status: 200, reject: 401, within: 5, note: "the response must have an empty body and no cookies" },
  retry: "at increasing intervals for 24 h, then Xero disables the webhook",
};
