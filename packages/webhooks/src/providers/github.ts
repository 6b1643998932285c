import { jsonOrFormField } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/**
 * Includes the GitHub Container Registry (GHCR) with its `package` and `registry_package` events. In form mode the
 * signature covers the encoded form. Never fall back to the SHA-1 header.
 */
export const github: ProviderDefinition = {
  id: "github",
  name: "GitHub",
  aliases: ["ghcr"],
  group: "development",
  schemes: [hmac({ header: "x-hub-signature-256", prefix: "sha256=" })],
  secret: "webhook secret",
  payload: jsonOrFormField("payload"),
  event: ["{header:x-github-event}.{body:action}", "{header:x-github-event}"],
  delivery: "{header:x-github-delivery}",
  respond: { within: 10 },
  retry: "none; redeliver manually within 3 days",
};
