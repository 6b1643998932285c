import type { Inbound } from "../provider/inbound.ts";
import { parseJson } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { xmlFields } from "../provider/xml.ts";

// Accounts have up to 100 keys and one header per active key.
const MAX_KEYS = 100;

function numbered(inbound: Inbound): readonly string[] {
  const signatures: string[] = [];
  for (let number = 1; number <= MAX_KEYS; number += 1) {
    const signature = inbound.header(`x-docusign-signature-${number}`);
    if (signature === undefined) break;
    signatures.push(signature);
  }
  return signatures;
}

function readPayload(text: string): unknown {
  return text.trimStart().startsWith("<") ? xmlFields("EnvelopeID", "Status", "TimeGenerated")(text) : parseJson(text);
}

/** There is one numbered header per active key. XML bodies contain CRLF line breaks, and documents may be inline. */
export const docusign: ProviderDefinition = {
  id: "docusign",
  name: "DocuSign Connect",
  group: "business",
  schemes: [hmac({ header: "x-docusign-signature-1", find: numbered, encoding: "base64" })],
  secret: "any of the account's Connect HMAC keys",
  payload: readPayload,
  event: ["{body:event}", "{body:Status}"],
  delivery: [
    "{body:event}.{body:data.envelopeId}.{body:generatedDateTime}",
    "{body:EnvelopeID}.{body:Status}.{body:TimeGenerated}",
  ],
  time: ["{body:generatedDateTime}", "{body:TimeGenerated}"],
  respond: { within: 100 },
  retry: "for about 15 days",
};
