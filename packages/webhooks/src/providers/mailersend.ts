import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const mailersend: ProviderDefinition = {
  id: "mailersend",
  name: "MailerSend",
  group: "messaging",
  schemes: [hmac({ header: "signature" })],
  secret: "signing secret",
  event: "{body:type}",
  delivery: "{body:data.id}",
  time: "{body:created_at}",
};
