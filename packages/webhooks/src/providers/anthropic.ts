import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const anthropic: ProviderDefinition = {
  id: "anthropic",
  name: "Anthropic",
  group: "infrastructure",
  schemes: [standard({ prefixes: ["webhook"] })],
  secret: "signing secret (whsec_…)",
  event: ["{body:data.type}", "{body:type}"],
  delivery: "{header:webhook-id}",
  time: "{body:created_at}",
};
