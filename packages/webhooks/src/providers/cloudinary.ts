import { hmac } from "../provider/scheme/hmac.ts";
import { plainHash } from "../provider/scheme/plain-hash.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition, Scheme } from "../provider/types.ts";

function accountHash(hash: "sha1" | "sha256"): Scheme {
  return hmac({
    name: hash,
    header: "x-cld-signature",
    hash,
    mac: plainHash,
    timestamp: signedTime({ from: "header:x-cld-timestamp", tolerance: 7200 }),
    signed: "{body}{ts}{secret}",
    // The account decides, never the request: a forger would choose the weaker one.
    when: ({ config }) => (config["signatureAlgorithm"] ?? "sha1") === hash,
  });
}

/** A plain hash over body, timestamp and secret; the account sets SHA-1 or SHA-256. */
export const cloudinary: ProviderDefinition = {
  id: "cloudinary",
  name: "Cloudinary",
  group: "content",
  schemes: [accountHash("sha1"), accountHash("sha256")],
  secret: "API secret",
  config: { signatureAlgorithm: "sha1 (default) or sha256, as set in the account" },
  event: "{body:notification_type}",
  time: "{body:timestamp}",
};
