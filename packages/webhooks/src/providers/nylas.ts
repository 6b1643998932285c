import { echoQuery } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** In compressed mode the signature covers the gzip bytes. */
export const nylas: ProviderDefinition = {
  id: "nylas",
  name: "Nylas",
  group: "infrastructure",
  schemes: [hmac({ header: "x-nylas-signature" })],
  secret: "webhook_secret",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:time}",
  handshakes: [echoQuery("challenge")],
  respond: { status: 200, within: 10 },
  retry: "3 times, then the webhook is marked as failing, and as failed after 72 h",
};
