import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition, Scheme } from "../provider/types.ts";

function plainHash(hash: "sha1" | "sha256"): Scheme {
  return hmac({
    name: hash,
    header: "x-cld-signature",
    hash,
    plain: true,
    timestamp: { from: "header:x-cld-timestamp", tolerance: 7200 },
    signed: "{body}{ts}{secret}",
    // The account decides, never the request: a forger would choose the weaker one.
    when: ({ config }) => (config["signatureAlgorithm"] ?? "sha1") === hash,
  });
}

export const cloudinary: ProviderDefinition = {
  id: "cloudinary",
  name: "Cloudinary",
  group: "content",
  schemes: [plainHash("sha1"), plainHash("sha256")],
  secret: "API secret",
  config: { signatureAlgorithm: "sha1 (default) or sha256, as set in the account" },
  event: "{body:notification_type}",
  time: "{body:timestamp}",
  trap: "A plain hash over body, timestamp and secret; the account sets SHA-1 or SHA-256.",
};
