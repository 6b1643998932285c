import { jwt } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body is pretty-printed; every space counts. */
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
  secret: "JWK from /webhook_verification_key/get, by the token's kid",
  event: "{body:webhook_type}.{body:webhook_code}",
  respond: { status: 200, within: 10 },
  retry: "for 24 h, from 30 s on, each gap 4 times the last; stops when over 90 % fail",
};
