import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const harbor: ProviderDefinition = {
  id: "harbor",
  name: "Harbor",
  group: "development",
  schemes: [credential({ header: "authorization" })],
  secret: "auth header of the webhook policy, as configured",
  event: ["{body:type}", "{header:ce-type}"],
  delivery: ["{header:ce-id}"],
  time: ["{body:occur_at}", "{header:ce-time}"],
  retry: "3 attempts by default",
};
