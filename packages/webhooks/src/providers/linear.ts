import { hmac } from "../provider/scheme/hmac.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The Linear-Timestamp header is not signed; webhookTimestamp in the body is. */
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
  retry: "3: after 1 min, 1 h, 6 h",
};
