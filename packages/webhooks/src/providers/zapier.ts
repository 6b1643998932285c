import { jsonOrForm } from "../provider/payload.ts";
import { credential } from "../provider/scheme/credential.ts";
import { standard } from "../provider/scheme/standard.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const zapier: ProviderDefinition = {
  id: "zapier",
  name: "Zapier",
  group: "cloud",
  schemes: [
    standard({ prefixes: ["webhook"] }),
    credential({ header: "authorization", configurable: true }),
    urlSecret(),
  ],
  unsigned: unsigned("a secret in the URL, or a header set in the Zap"),
  secret: "header or Basic credentials set in the Zap; white-label webhooks: whsec_…",
  payload: jsonOrForm,
  event: ["{body:event}", "{body:type}"],
  delivery: ["{header:webhook-id}"],
  retry: "Autoreplay of the Zap, if enabled",
};
