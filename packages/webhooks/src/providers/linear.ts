import { hmac } from "../provider/scheme/hmac.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The signature covers webhookTimestamp in the body, but not the Linear-Timestamp header. */
export const linear: ProviderDefinition = {
  id: "linear",
  name: "Linear",
  group: "development",
  schemes: [
    hmac({
      header: "linear-signature",
      timestamp: signedTime({ from: "body:webhookTimestamp", as: milliseconds, tolerance: 60 }),
    }),
  ],
  secret: "signing secret",
  event: ["{body:type}.{body:action}", "{header:linear-event}"],
  delivery: "{header:linear-delivery}",
  time: ["{body:createdAt}", "{body:webhookTimestamp}"],
  respond: { status: 200, within: 5 },
  retry: "3 times: after 1 min, 1 h and 6 h",
};
