import { jwt } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body is pretty-printed, and its white space is signed. */
export const plaid: ProviderDefinition = {
  id: "plaid",
  name: "Plaid",
  group: "payments",
  schemes: [
    jwt({
      header: "plaid-verification",
      algorithms: ["ES256"],
      maxAge: 300,
      bodyHash: { claim: "request_body_sha256", encoding: "hex" },
    }),
  ],
  secret: "JWK from /webhook_verification_key/get, by the kid of the token",
  event: "{body:webhook_type}.{body:webhook_code}",
  respond: { status: 200, within: 10 },
  retry: "for 24 h, starting after 30 s, with each interval 4 times the last; stops when more than 90 % fail",
};
