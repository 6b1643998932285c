import { jwt } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The token has no timestamp, so a captured request can be replayed. Deduplicate. */
export const netlify: ProviderDefinition = {
  id: "netlify",
  name: "Netlify",
  group: "development",
  schemes: [
    jwt({
      header: "x-webhook-signature",
      algorithms: ["HS256"],
      issuer: ["netlify"],
      bodyHash: { claim: "sha256", encoding: "hex" },
    }),
  ],
  secret: "JWS secret token",
  event: ["{header:x-netlify-event}", "{body:state}"],
  delivery: "{body:id}.{body:state}",
  time: "{body:updated_at}",
  retry: "none documented; 6 failures disable the notification",
};
