import type { MessageParts } from "../crypto/hmac.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import type { SignedInput } from "../provider/scheme/signed.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The signature covers the text of a JSON document that is built around the body. */
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
      fields: pairs("sign", ", "),
      timestamp: signedTime({ from: "field:t", as: milliseconds }),
      signed: signedDocument,
      signedText: "JSON of Body, EnvironmentName and TimeStamp",
    }),
  ],
  secret: "webhook secret",
  event: ["{body:data.__typename}.{body:operation}", "{body:operation}"],
};
