import { configuredHmac } from "../provider/scheme/configured.ts";
import { plainHash } from "../provider/scheme/plain-hash.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The settings decide on the hash, never the request: a forger would choose the weaker one. */
const accountHash = configuredHmac(({ signatureAlgorithm }) => ({
  header: "x-cld-signature",
  hash: signatureAlgorithm === "sha256" ? "sha256" : "sha1",
  mac: plainHash,
  timestamp: signedTime({ from: "header:x-cld-timestamp", tolerance: 7200 }),
  signed: "{body}{ts}{secret}",
}));

/** A plain hash over body, timestamp and secret. The account is set to SHA-1 or SHA-256. */
export const cloudinary: ProviderDefinition = {
  id: "cloudinary",
  name: "Cloudinary",
  group: "content",
  schemes: [accountHash],
  secret: "API secret",
  config: { signatureAlgorithm: "sha1 (default) or sha256, as set in the account" },
  event: "{body:notification_type}",
  time: "{body:timestamp}",
};
