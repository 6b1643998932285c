import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const jira: ProviderDefinition = {
  id: "jira",
  name: "Jira, Confluence",
  aliases: ["confluence"],
  group: "development",
  schemes: [hmac({ header: "x-hub-signature", prefix: "sha256=" })],
  secret: "webhook secret",
  event: ["{body:webhookEvent}"],
  delivery: "{header:x-atlassian-webhook-identifier}",
  time: "{body:timestamp}",
  retry: "up to 5 times on 408, 409, 425, 429 and 5xx, 5 to 15 min apart",
};
