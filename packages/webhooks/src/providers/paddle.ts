import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The tolerance is 5 s. Verify requests on receipt, before any queue. */
export const paddle: ProviderDefinition = {
  id: "paddle",
  name: "Paddle Billing",
  group: "payments",
  schemes: [
    hmac({
      header: "paddle-signature",
      fields: pairs("h1", ";"),
      timestamp: signedTime({ from: "field:ts", tolerance: 5 }),
      signed: "{ts}:{body}",
    }),
  ],
  secret: "secret key of the destination",
  event: "{body:event_type}",
  delivery: "{body:event_id}",
  time: "{body:occurred_at}",
  respond: { status: 200, within: 5 },
  retry: "live: 60 times over 3 days; sandbox: 3 times in 15 min",
};
