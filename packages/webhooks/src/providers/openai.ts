import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const openai: ProviderDefinition = {
  id: "openai",
  name: "OpenAI",
  group: "infrastructure",
  schemes: [standard({ prefixes: ["webhook"] })],
  secret: "signing secret (whsec_…)",
  event: "{body:type}",
  delivery: "{header:webhook-id}",
  time: "{body:created_at}",
  respond: { note: "3xx counts as a failure" },
  retry: "exponential backoff for 72 h",
};
