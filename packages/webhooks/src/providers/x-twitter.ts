import { encodeBase64 } from "../encoding.ts";
import { challengeMac, json } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/** Challenge-response check, sent when a URL is registered and every hour afterwards. */
const crc: Handshake = {
  summary: 'GET ?crc_token= → 200 {"response_token":"sha256=" + base64(HMAC-SHA256 of the token)}',
  async respond(context) {
    const token = context.inbound.method === "GET" ? context.inbound.query("crc_token") : undefined;
    if (token === undefined) return undefined;
    return json({ response_token: `sha256=${encodeBase64(await challengeMac(context, token))}` });
  },
};

export const xTwitter: ProviderDefinition = {
  id: "x-twitter",
  name: "X (Twitter) Account Activity",
  aliases: ["x", "twitter"],
  group: "messaging",
  schemes: [hmac({ header: "x-twitter-webhooks-signature", prefix: "sha256=", encoding: "base64" })],
  secret: "consumer secret of the app",
  event: (inbound) => Object.keys(Object(inbound.payload())).find((key) => key.endsWith("_events")),
  handshakes: [crc],
  respond: { status: 200, within: 10, note: "the hourly challenge requires a response within 3 s" },
  retry: "limited",
};
