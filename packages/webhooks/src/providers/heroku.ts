import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const heroku: ProviderDefinition = {
  id: "heroku",
  name: "Heroku",
  group: "development",
  schemes: [hmac({ header: "heroku-webhook-hmac-sha256", encoding: "base64" })],
  secret: "secret returned when the webhook was created",
  event: "{body:resource}.{body:action}",
  delivery: ["{body:webhook_metadata.delivery.id}", "{body:id}"],
  time: ["{body:published_at}", "{body:created_at}"],
  retry: "level notify: best effort; level sync: up to 72 h",
};
