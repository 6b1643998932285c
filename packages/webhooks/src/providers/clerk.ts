import { standard, SVIX_RETRY } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const clerk: ProviderDefinition = {
  id: "clerk",
  name: "Clerk",
  group: "identity",
  schemes: [standard({ prefixes: ["svix", "webhook"] })],
  secret: "signing secret (whsec_…)",
  event: "{body:type}",
  delivery: ["{header:svix-id}", "{header:webhook-id}"],
  time: "{body:timestamp}",
  retry: SVIX_RETRY,
};
