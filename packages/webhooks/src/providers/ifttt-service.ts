import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const iftttService: ProviderDefinition = {
  id: "ifttt-service",
  name: "IFTTT",
  aliases: ["ifttt"],
  group: "cloud",
  schemes: [credential({ header: ["ifttt-service-key", "ifttt-channel-key"] }), urlSecret()],
  unsigned: unsigned('applets that "make a web request" carry nothing: a secret in the URL'),
  secret: "service key",
  event: "{body:trigger_identity}",
  delivery: ["{header:x-request-id}", "{body:meta.id}"],
  time: "{body:meta.timestamp}",
};
