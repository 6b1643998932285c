import { digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding.ts";
import { type Claims, jwt, requireClaim } from "../provider/scheme/jwt.ts";
import { publicUrl } from "../provider/scheme/signed.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

async function checkUrlHash(claims: Claims, context: SchemeContext): Promise<void> {
  const hash = await digest("sha256", [publicUrl(undefined, context)]);
  requireClaim(claims, "url_hash", encodeHex(hash), "url_mismatch");
}

/** The query is signed too. The jti claim identifies the delivery. */
export const messagebird: ProviderDefinition = {
  id: "messagebird",
  name: "Bird (MessageBird)",
  aliases: ["bird"],
  group: "messaging",
  schemes: [
    jwt({
      header: "messagebird-signature-jwt",
      algorithms: ["HS256", "HS384", "HS512"],
      issuer: ["MessageBird"],
      expires: true,
      leeway: 5,
      bodyHash: { claim: "payload_hash", encoding: "hex" },
      check: checkUrlHash,
    }),
  ],
  secret: "signing key",
  config: { url: "public URL with its query, if a proxy changes it" },
  event: "{body:type}",
  time: "{body:createdDatetime}",
};
