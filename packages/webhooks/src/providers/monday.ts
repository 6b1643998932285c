import { json } from "../provider/handshakes.ts";
import { jwt } from "../provider/scheme/jwt.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import { walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

const challenge: Handshake = {
  summary: "POST {challenge} → 200, the same JSON",
  respond: ({ inbound }) => {
    const payload = inbound.payload();
    const value = walk(payload, "challenge");
    return typeof value === "string" && walk(payload, "event") === undefined ? json({ challenge: value }) : undefined;
  },
};

export const monday: ProviderDefinition = {
  id: "monday",
  name: "monday.com",
  group: "business",
  schemes: [jwt({ header: "authorization", algorithms: ["HS256"], covers: "nothing" }), urlSecret()],
  unsigned: unsigned("webhooks of integration apps contain a token; for others, put a secret into the URL"),
  secret: "signing secret of the app",
  event: "{body:event.type}",
  delivery: "{body:event.triggerUuid}",
  time: "{body:event.triggerTime}",
  handshakes: [challenge],
  retry: "every minute for 30 min",
};
