import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const hookdeck: ProviderDefinition = {
  id: "hookdeck",
  name: "Hookdeck Event Gateway",
  group: "infrastructure",
  schemes: [hmac({ header: ["x-hookdeck-signature", "x-hookdeck-signature-2"], encoding: "base64" })],
  secret: "signing secret of the project",
  delivery: "{header:x-hookdeck-eventid}",
};
