import { hmac } from "../provider/scheme/hmac.ts";
import { base64Key } from "../provider/secret-readers.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const microsoftTeams: ProviderDefinition = {
  id: "microsoft-teams",
  name: "Microsoft Teams outgoing webhook",
  aliases: ["teams"],
  group: "messaging",
  schemes: [hmac({ header: "authorization", prefix: "HMAC ", encoding: "base64", key: base64Key })],
  secret: "security token (Base64)",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:timestamp}",
  respond: {
    status: 200,
    contentType: "application/json",
    body: '{"type":"message","text":""}',
    within: 5,
    note: "the response body is the reply shown in the channel",
  },
  retry: "none",
};
