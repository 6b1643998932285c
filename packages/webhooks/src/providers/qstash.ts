import { type Claims, jwt, requireClaim } from "../provider/scheme/jwt.ts";
import { publicUrl } from "../provider/scheme/signed.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

function checkDestination(claims: Claims, context: SchemeContext): void {
  requireClaim(claims, "sub", publicUrl(undefined, context), "url_mismatch");
}

export const qstash: ProviderDefinition = {
  id: "qstash",
  name: "Upstash QStash",
  aliases: ["upstash"],
  group: "infrastructure",
  schemes: [
    jwt({
      header: "upstash-signature",
      algorithms: ["HS256"],
      issuer: ["Upstash"],
      expires: true,
      bodyHash: { claim: "body", encoding: "base64url" },
      check: checkDestination,
    }),
  ],
  secret: "current and next signing key",
  config: { url: "destination URL, if a proxy changes it" },
  delivery: "{header:upstash-message-id}",
};
