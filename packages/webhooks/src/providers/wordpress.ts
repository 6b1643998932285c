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
  unsigned: unsigned("WordPress has no webhooks of its own: a secret in the URL or what the plugin offers"),
  secret: "credential set in the plugin",
  payload: jsonOrForm,
  event: ["{body:hook}", "{body:event}"],
};
