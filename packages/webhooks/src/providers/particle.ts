import { jsonOrForm } from "../provider/payload.ts";
import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const particle: ProviderDefinition = {
  id: "particle",
  name: "Particle",
  group: "cloud",
  schemes: [credential({ header: ["x-particle-secret", "authorization"], configurable: true })],
  secret: "header or Basic credentials configured in the integration",
  payload: jsonOrForm,
  event: "{body:event}",
  delivery: "{body:coreid}.{body:published_at}",
  time: "{body:published_at}",
  respond: { note: "the response is published back to the device" },
  retry: "limited",
};
