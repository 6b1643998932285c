import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const docusign: ProviderDefinition = {
  id: "docusign",
  name: "DocuSign Connect",
  group: "business",
  schemes: [hmac({ header: "x-docusign-signature-*", encoding: "base64" })],
  secret: "any of the account's Connect HMAC keys",
  event: ["{body:event}", "{xml:Status}"],
  delivery: [
    "{body:event}.{body:data.envelopeId}.{body:generatedDateTime}",
    "{xml:EnvelopeID}.{xml:Status}.{xml:TimeGenerated}",
  ],
  time: ["{body:generatedDateTime}", "{xml:TimeGenerated}"],
  respond: { within: 100 },
  retry: "for about 15 days",
  trap: "One numbered header for each active key. XML bodies keep their CRLF; documents may be inline.",
};
