import { hmac } from "../provider/scheme/hmac.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const customerIo: ProviderDefinition = {
  id: "customer.io",
  name: "Customer.io",
  aliases: ["customer-io"],
  group: "business",
  schemes: [
    hmac({
      header: "x-cio-signature",
      timestamp: signedTime({ from: "header:x-cio-timestamp", tolerance: 300 }),
      signed: "v0:{ts}:{body}",
    }),
  ],
  secret: "signing key",
  event: ["{body:object_type}.{body:metric}", "{body:metric}"],
  delivery: "{body:event_id}",
  time: "{body:timestamp}",
  respond: { within: 4 },
};
