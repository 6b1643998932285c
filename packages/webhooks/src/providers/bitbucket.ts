import { pingHeader } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The header is X-Hub-Signature although the hash is SHA-256. X-Hook-UUID identifies the webhook, not the delivery. */
export const bitbucket: ProviderDefinition = {
  id: "bitbucket",
  name: "Bitbucket",
  group: "development",
  schemes: [hmac({ header: "x-hub-signature", prefix: "sha256=" })],
  secret: "webhook secret",
  event: "{header:x-event-key}",
  delivery: ["{header:x-request-uuid}", "{header:x-request-id}"],
  handshakes: [pingHeader("x-event-key", "diagnostics:ping")],
  respond: { within: 10 },
  retry: "2 more attempts on 5xx and timeouts (Cloud)",
};
