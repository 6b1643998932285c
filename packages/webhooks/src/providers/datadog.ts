import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The payload is a template. Add $ID and $EVENT_TYPE to it. */
export const datadog: ProviderDefinition = {
  id: "datadog",
  name: "Datadog",
  group: "observability",
  schemes: [credential({ header: ["x-webhook-secret", "authorization"], configurable: true })],
  secret: "value of the custom header, or Basic credentials",
  event: "{body:event_type}",
  delivery: "{body:id}",
  time: ["{body:date}", "{body:last_updated}"],
  respond: { within: 15 },
  retry: "up to 5 on 5xx",
};
