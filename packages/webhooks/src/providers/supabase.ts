import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const supabase: ProviderDefinition = {
  id: "supabase",
  name: "Supabase database webhooks",
  group: "cloud",
  schemes: [credential({ header: ["x-supabase-secret", "authorization"], configurable: true })],
  secret: "value of the header configured on the webhook",
  event: "{body:table}.{body:type}",
  retry: "none",
};
