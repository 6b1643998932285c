import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const square: ProviderDefinition = {
  id: "square",
  name: "Square",
  group: "payments",
  schemes: [
    hmac({
      header: "x-square-hmacsha256-signature",
      encoding: "base64",
      signed: "{url}{body}",
      url: "notificationUrl",
    }),
  ],
  secret: "signature key",
  config: { notificationUrl: "notification URL, exactly as configured at Square" },
  event: "{body:type}",
  delivery: "{body:event_id}",
  time: "{body:created_at}",
  respond: { within: 10 },
  retry: "up to 11 times over 24 h",
};
