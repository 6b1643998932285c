import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The passcode travels in the body: mask it before storing or forwarding. */
export const figma: ProviderDefinition = {
  id: "figma",
  name: "Figma",
  group: "development",
  schemes: [credential({ body: "passcode" })],
  secret: "passcode chosen when the webhook was made",
  event: "{body:event_type}",
  delivery: "{body:webhook_id}.{body:timestamp}.{body:file_key}",
  time: "{body:timestamp}",
  respond: { status: 200 },
  retry: "3: after 5 min, 30 min, 3 h",
};
