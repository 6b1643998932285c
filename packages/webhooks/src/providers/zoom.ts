import { encodeHex } from "../encoding.ts";
import { challengeMac, json } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import { walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/** Sent when the URL is saved and every 72 h afterwards. */
const validation: Handshake = {
  summary: "signed, event = endpoint.url_validation → 200 {plainToken, encryptedToken = hex(HMAC-SHA256)}",
  async respond(context) {
    const payload = context.inbound.payload();
    const token = walk(payload, "payload.plainToken");
    if (walk(payload, "event") !== "endpoint.url_validation" || typeof token !== "string") return undefined;
    await context.verify();
    return json({ plainToken: token, encryptedToken: encodeHex(await challengeMac(context, token)) });
  },
};

/** The URL is validated again every 72 h. */
export const zoom: ProviderDefinition = {
  id: "zoom",
  name: "Zoom",
  group: "messaging",
  schemes: [
    hmac({
      header: "x-zm-signature",
      prefix: "v0=",
      timestamp: signedTime({ from: "header:x-zm-request-timestamp", tolerance: 300 }),
      signed: "v0:{ts}:{body}",
    }),
  ],
  secret: "secret token of the app",
  event: "{body:event}",
  delivery: "{body:event}.{body:payload.object.uuid}.{body:event_ts}",
  time: "{body:event_ts}",
  handshakes: [validation],
  respond: { status: 200, within: 3 },
  retry: "3 times: after 5, 20 and 60 min",
};
