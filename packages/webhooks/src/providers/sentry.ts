import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Sentry-Hook-Timestamp is not signed. */
export const sentry: ProviderDefinition = {
  id: "sentry",
  name: "Sentry",
  group: "observability",
  schemes: [hmac({ header: ["sentry-hook-signature", "sentry-app-signature"] })],
  secret: "client secret of the integration",
  event: ["{header:sentry-hook-resource}.{body:action}", "{header:sentry-hook-resource}"],
  delivery: "{header:request-id}",
  time: "{header:sentry-hook-timestamp}",
  respond: { within: 1 },
  retry: "none; a circuit breaker disables the webhook",
};
