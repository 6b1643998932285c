import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The hash is SHA-1. */
export const vercel: ProviderDefinition = {
  id: "vercel",
  name: "Vercel",
  group: "development",
  schemes: [hmac({ header: "x-vercel-signature", hash: "sha1" })],
  secret: "webhook secret, or the client secret of the integration",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:createdAt}",
  retry: "exponential backoff for up to 24 h",
};
