import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const huggingface: ProviderDefinition = {
  id: "huggingface",
  name: "Hugging Face",
  group: "infrastructure",
  schemes: [credential({ header: "x-webhook-secret" })],
  secret: "webhook secret",
  event: "{body:event.scope}.{body:event.action}",
};
