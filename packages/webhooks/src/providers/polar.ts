import { utf8 } from "../encoding.ts";
import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Standard Webhooks, except that the key is the text of the secret, without decoding. */
export const polar: ProviderDefinition = {
  id: "polar",
  name: "Polar",
  group: "payments",
  schemes: [standard({ prefixes: ["webhook"], key: utf8 })],
  secret: "webhook secret, the whole string",
  event: "{body:type}",
  delivery: "{header:webhook-id}",
  time: "{body:timestamp}",
};
