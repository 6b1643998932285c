import { respondToMethod } from "../provider/handshakes.ts";
import { formObject } from "../provider/payload.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const mailchimp: ProviderDefinition = {
  id: "mailchimp",
  name: "Mailchimp Marketing",
  group: "messaging",
  schemes: [urlSecret()],
  unsigned: unsigned("a secret in the URL; fetch the member through the API to confirm"),
  payload: (text) => formObject(text),
  event: "{body:type}",
  delivery: ["{body:type}.{body:data[id]}.{body:fired_at}", "{body:type}.{body:data[email]}.{body:fired_at}"],
  time: "{body:fired_at}",
  handshakes: [respondToMethod("GET")],
  respond: { within: 10 },
  retry: "about 20 times over 75 min",
};
