import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const alertmanager: ProviderDefinition = {
  id: "alertmanager",
  name: "Prometheus Alertmanager",
  aliases: ["prometheus"],
  group: "observability",
  schemes: [credential({ header: "authorization" })],
  secret: "bearer token or user:password of http_config",
  event: "{body:status}",
  batch: {
    at: "alerts",
    event: "{body:status}",
    id: "{body:fingerprint}.{body:startsAt}.{body:status}",
    time: "{body:startsAt}",
  },
  retry: "on 429 and 5xx, with backoff, until the next group interval",
};
