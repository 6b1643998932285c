import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const kontentAi: ProviderDefinition = {
  id: "kontent-ai",
  name: "Kontent.ai",
  group: "content",
  schemes: [hmac({ header: ["x-kontent-ai-signature", "x-kc-signature"], encoding: "base64" })],
  secret: "webhook secret",
  batch: {
    at: "notifications",
    event: "{body:message.object_type}.{body:message.action}",
    time: "{body:data.system.last_modified}",
  },
};
