import { requireConfig } from "../provider/require.ts";
import { type Claims, jwt, requireClaim, tokenError } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

function checkClaims(claims: Claims, context: SchemeContext): void {
  requireClaim(claims, "aud", requireConfig(context, "audience"));
  requireClaim(claims, "email", requireConfig(context, "serviceAccount"));
  if (claims["email_verified"] === true) return;
  throw tokenError("token_invalid", "The email address in the token is not verified.", "email_verified");
}

/** Anyone can get a Google token for your audience, so the email address of the service account decides. */
export const googlePubsub: ProviderDefinition = {
  id: "google-pubsub",
  name: "Google Pub/Sub push",
  group: "cloud",
  schemes: [
    jwt({
      header: "authorization",
      scheme: "Bearer",
      algorithms: ["RS256"],
      issuer: ["https://accounts.google.com", "accounts.google.com"],
      expires: true,
      covers: "nothing",
      keySet: "https://www.googleapis.com/oauth2/v3/certs",
      provider: "google-pubsub",
      check: checkClaims,
    }),
  ],
  secret: "Google's key set, fetched",
  config: {
    audience: "audience of the subscription",
    serviceAccount: "email address of the service account that signs",
  },
  event: ["{body:message.attributes.eventType}", "{body:subscription}"],
  delivery: "{body:message.messageId}",
  time: "{body:message.publishTime}",
  respond: { status: 204, note: "102, 200, 201, 202 and 204 acknowledge the message" },
  retry: "until acknowledged (7 days by default), or to a dead-letter topic",
};
