import { credential } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The body is empty; all data is in headers. Channels expire. The first message has the state sync. */
export const googleCalendar: ProviderDefinition = {
  id: "google-calendar",
  name: "Google Calendar and Drive push",
  aliases: ["google-drive"],
  group: "cloud",
  schemes: [credential({ header: "x-goog-channel-token" })],
  secret: "token given to watch()",
  event: "{header:x-goog-resource-state}",
  delivery: "{header:x-goog-channel-id}.{header:x-goog-message-number}",
  respond: { status: 204 },
  retry: "with backoff on 500, 502, 503 and 504",
};
