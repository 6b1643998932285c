import { standard, SVIX_RETRY } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const resend: ProviderDefinition = {
  id: "resend",
  name: "Resend",
  group: "messaging",
  schemes: [standard({ prefixes: ["svix", "webhook"] })],
  secret: "signing secret (whsec_…)",
  event: "{body:type}",
  delivery: ["{header:svix-id}", "{header:webhook-id}"],
  time: "{body:created_at}",
  retry: SVIX_RETRY,
};
