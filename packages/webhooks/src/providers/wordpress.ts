import { jsonOrForm } from "../provider/payload.ts";
import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const wordpress: ProviderDefinition = {
  id: "wordpress",
  name: "WordPress",
  group: "content",
  schemes: [credential({ header: "authorization", configurable: true }), urlSecret()],
  unsigned: unsigned("WordPress has no built-in webhooks; use a secret in the URL or the authentication of the plugin"),
  secret: "credential set in the plugin",
  payload: jsonOrForm,
  event: ["{body:hook}", "{body:event}"],
};
