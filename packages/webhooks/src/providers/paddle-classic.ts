import type { MessageParts } from "../crypto/hmac.ts";
import { utf8 } from "../encoding.ts";
import { formField, formFields, formObject } from "../provider/payload.ts";
import { asymmetric, rsaSha1 } from "../provider/scheme/asymmetric.ts";
import type { SignedInput } from "../provider/scheme/signed.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The text that Paddle signs: PHP's serialize() of the other fields as strings, sorted by name. */
function phpSerialize({ inbound }: SignedInput): MessageParts {
  const fields = formFields(inbound.text()).filter(([name]) => name !== "p_signature");
  fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const text = (value: string): string => `s:${utf8(value).length}:"${value}";`;
  return [`a:${fields.length}:{${fields.map(([name, value]) => text(name) + text(value)).join("")}}`];
}

export const paddleClassic: ProviderDefinition = {
  id: "paddle-classic",
  name: "Paddle Classic",
  group: "payments",
  schemes: [
    asymmetric({
      algorithm: rsaSha1,
      header: "p_signature",
      find: (inbound) => [formField(inbound.text(), "p_signature") ?? ""],
      signed: phpSerialize,
      signedText: "php serialize() of the other fields, sorted by name",
    }),
  ],
  secret: "public key of the vendor",
  payload: (text) => formObject(text),
  event: "{body:alert_name}",
  delivery: "{body:alert_id}",
  time: "{body:event_time}",
  retry: "5 times over 3 days",
};
