import { standard, SVIX_RETRY } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const svix: ProviderDefinition = {
  id: "svix",
  name: "Svix",
  group: "infrastructure",
  schemes: [standard({ prefixes: ["svix", "webhook"], asymmetric: true })],
  secret: "signing secret (whsec_…) or public key (whpk_…)",
  event: ["{body:type}", "{body:eventType}"],
  delivery: ["{header:svix-id}", "{header:webhook-id}"],
  time: "{body:timestamp}",
  respond: { within: 15 },
  retry: SVIX_RETRY,
};
