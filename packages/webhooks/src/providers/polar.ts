import { utf8 } from "../encoding.ts";
import { standard } from "../provider/scheme/standard.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Standard Webhooks on the wire, but the key is the secret's text: nothing is decoded. */
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
