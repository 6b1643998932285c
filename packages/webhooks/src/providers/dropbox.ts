import { echoQuery } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Says only that something changed: call list_folder/continue. */
export const dropbox: ProviderDefinition = {
  id: "dropbox",
  name: "Dropbox",
  group: "content",
  schemes: [hmac({ header: "x-dropbox-signature" })],
  secret: "app secret",
  event: "list_folder",
  handshakes: [echoQuery("challenge")],
  respond: { within: 10 },
  retry: "with backoff; under 50 % success disables",
};
