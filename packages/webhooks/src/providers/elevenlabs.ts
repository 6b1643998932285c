import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const elevenlabs: ProviderDefinition = {
  id: "elevenlabs",
  name: "ElevenLabs",
  group: "infrastructure",
  schemes: [
    hmac({
      header: "elevenlabs-signature",
      fields: pairs("v0"),
      timestamp: signedTime({ from: "field:t", tolerance: 1800 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "webhook secret",
  event: "{body:type}",
  delivery: "{body:type}.{body:data.conversation_id}",
  time: "{body:event_timestamp}",
};
