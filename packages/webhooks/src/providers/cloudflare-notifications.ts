import { credential } from "../provider/scheme/credential.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const cloudflareNotifications: ProviderDefinition = {
  id: "cloudflare-notifications",
  name: "Cloudflare Notifications and Stream",
  aliases: ["cloudflare"],
  group: "cloud",
  schemes: [
    hmac({
      name: "stream",
      header: "webhook-signature",
      fields: pairs("sig1"),
      timestamp: signedTime({ from: "field:time", tolerance: 300 }),
      signed: "{ts}.{body}",
    }),
    credential({ name: "notifications", header: "cf-webhook-auth" }),
  ],
  secret: "webhook secret",
  event: ["{body:alert_type}", "{body:status.state}"],
  delivery: ["{body:alert_correlation_id}.{body:ts}", "{body:uid}.{body:status.state}"],
  time: ["{body:ts}", "{body:modified}"],
};
