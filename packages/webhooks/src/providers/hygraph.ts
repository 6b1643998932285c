import type { MessageParts } from "../crypto/hmac.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { SignedInput } from "../provider/scheme/signed.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** A JSON document made around the body, whose text is what gets signed. */
function signedDocument({ inbound, timestamp, fields }: SignedInput): MessageParts {
  return [
    JSON.stringify({ Body: inbound.text(), EnvironmentName: fields.get("env") ?? "", TimeStamp: Number(timestamp) }),
  ];
}

export const hygraph: ProviderDefinition = {
  id: "hygraph",
  name: "Hygraph",
  group: "content",
  schemes: [
    hmac({
      header: "gcms-signature",
      encoding: "base64",
      fields: { signature: "sign" },
      timestamp: { from: "field:t", unit: "ms" },
      signed: signedDocument,
      signedText: "JSON of Body, EnvironmentName and TimeStamp",
    }),
  ],
  secret: "webhook secret",
  event: ["{body:data.__typename}.{body:operation}", "{body:operation}"],
};
