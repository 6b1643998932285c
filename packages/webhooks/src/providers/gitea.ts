import { jsonOrFormField } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Also for Forgejo and Gogs. The signature has no sha256= prefix. */
export const gitea: ProviderDefinition = {
  id: "gitea",
  name: "Gitea, Forgejo, Gogs",
  aliases: ["forgejo", "gogs"],
  group: "development",
  schemes: [hmac({ header: ["x-gitea-signature", "x-forgejo-signature", "x-gogs-signature"] })],
  secret: "webhook secret",
  payload: jsonOrFormField("payload"),
  event: ["{header:x-gitea-event}", "{header:x-forgejo-event}", "{header:x-gogs-event}"],
  delivery: ["{header:x-gitea-delivery}", "{header:x-forgejo-delivery}", "{header:x-gogs-delivery}"],
};
