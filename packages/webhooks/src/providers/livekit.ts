import { type Claims, jwt, requireClaim } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

function checkIssuer(claims: Claims, { config }: SchemeContext): void {
  if (config["apiKey"] !== undefined) requireClaim(claims, "iss", config["apiKey"]);
}

export const livekit: ProviderDefinition = {
  id: "livekit",
  name: "LiveKit",
  group: "infrastructure",
  schemes: [
    jwt({
      header: "authorization",
      algorithms: ["HS256"],
      bodyHash: { claim: "sha256", encoding: "base64" },
      check: checkIssuer,
    }),
  ],
  secret: "API secret",
  config: { apiKey: "API key: the expected issuer" },
  event: "{body:event}",
  delivery: "{body:id}",
  time: "{body:createdAt}",
};
