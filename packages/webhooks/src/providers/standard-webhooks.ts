import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const standardWebhooks: ProviderDefinition = {
  id: "standard-webhooks",
  name: "Standard Webhooks",
  group: "infrastructure",
  schemes: [standard({ prefixes: ["webhook", "svix"], asymmetric: true })],
  secret: "secret (whsec_…) or public key (whpk_…)",
  event: "{body:type}",
  delivery: ["{header:webhook-id}", "{header:svix-id}"],
  time: "{body:timestamp}",
  respond: { within: 15, note: "410 disables the endpoint; 429, 502 and 504 slow deliveries down" },
  retry: "exponential backoff over several days",
};
