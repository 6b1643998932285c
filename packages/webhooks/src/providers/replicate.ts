import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const replicate: ProviderDefinition = {
  id: "replicate",
  name: "Replicate",
  group: "infrastructure",
  schemes: [standard({ prefixes: ["webhook"] })],
  secret: "signing secret (whsec_…)",
  event: "{body:status}",
  delivery: "{header:webhook-id}",
  time: ["{body:completed_at}", "{body:started_at}", "{body:created_at}"],
  retry: "final states only",
};
