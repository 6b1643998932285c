import { cloudEventsOptions } from "../provider/handshakes.ts";
import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const cloudeventsWebhook: ProviderDefinition = {
  id: "cloudevents-webhook",
  name: "CloudEvents HTTP webhook",
  aliases: ["cloudevents"],
  group: "cloud",
  schemes: [credential({ header: "authorization" }), urlSecret()],
  unsigned: unsigned("a bearer token or ?access_token= in the URL"),
  secret: "access token",
  config: { allowedOrigins: "origins that may send, separated by commas", allowedRate: "requests per minute" },
  event: ["{header:ce-type}", "{body:type}"],
  delivery: ["{header:ce-source}.{header:ce-id}", "{body:source}.{body:id}"],
  time: ["{header:ce-time}", "{body:time}"],
  handshakes: [cloudEventsOptions],
  respond: { status: 204, note: "410 retires the endpoint; 429 must carry Retry-After" },
  retry: "depends on the sender, which must honour Retry-After",
  mask: ["query:access_token"],
};
