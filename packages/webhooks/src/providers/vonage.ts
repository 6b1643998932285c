import { jwt } from "../provider/scheme/jwt.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The official helper checks only the token. The payload_hash claim must be compared with the body too. */
export const vonage: ProviderDefinition = {
  id: "vonage",
  name: "Vonage",
  group: "messaging",
  schemes: [
    jwt({
      header: "authorization",
      scheme: "Bearer",
      algorithms: ["HS256"],
      bodyHash: { claim: "payload_hash", encoding: "hex" },
      maxAge: 300,
    }),
  ],
  secret: "signature secret",
  event: ["{body:status}", "{body:message_type}"],
  delivery: ["{body:message_uuid}.{body:status}", "{body:message_uuid}", "{body:uuid}.{body:status}"],
  time: "{body:timestamp}",
};
