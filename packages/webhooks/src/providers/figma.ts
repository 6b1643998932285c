import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The passcode is in the body. Mask it before storing or forwarding a request. */
export const figma: ProviderDefinition = {
  id: "figma",
  name: "Figma",
  group: "development",
  schemes: [credential({ body: "passcode" })],
  secret: "passcode chosen when the webhook was created",
  event: "{body:event_type}",
  delivery: "{body:webhook_id}.{body:timestamp}.{body:file_key}",
  time: "{body:timestamp}",
  respond: { status: 200 },
  retry: "3 times: after 5 min, 30 min and 3 h",
};
