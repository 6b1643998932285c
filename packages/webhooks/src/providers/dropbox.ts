import { echoQuery } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The request only says that something changed. Call list_folder/continue. */
export const dropbox: ProviderDefinition = {
  id: "dropbox",
  name: "Dropbox",
  group: "content",
  schemes: [hmac({ header: "x-dropbox-signature" })],
  secret: "app secret",
  event: "list_folder",
  handshakes: [echoQuery("challenge")],
  respond: { within: 10 },
  retry: "with backoff; a success rate below 50 % disables the webhook",
};
