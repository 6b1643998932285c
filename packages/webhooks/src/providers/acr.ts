import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const acr: ProviderDefinition = {
  id: "acr",
  name: "Azure Container Registry",
  aliases: ["azure-container-registry"],
  group: "development",
  schemes: [credential({ header: "authorization", configurable: true })],
  secret: "value of the custom header configured on the webhook",
  event: "{body:action}",
  delivery: "{body:id}",
  time: "{body:timestamp}",
};
