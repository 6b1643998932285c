import { basic } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const chargebee: ProviderDefinition = {
  id: "chargebee",
  name: "Chargebee",
  group: "payments",
  schemes: [basic()],
  secret: "user name and password of the webhook",
  event: "{body:event_type}",
  delivery: "{body:id}",
  time: "{body:occurred_at}",
  respond: { within: 60 },
  retry: "7 times over about 2 days",
};
