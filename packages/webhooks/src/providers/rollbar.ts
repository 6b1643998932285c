import { basic } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const rollbar: ProviderDefinition = {
  id: "rollbar",
  name: "Rollbar",
  group: "observability",
  schemes: [basic(), urlSecret()],
  unsigned: unsigned("a secret or a password in the URL; fetch the item to confirm"),
  secret: "user:password or secret in the URL",
  event: "{body:event_name}",
  delivery: [
    "{body:data.occurrence.id}",
    "{body:data.item.last_occurrence.id}",
    "{body:data.item.id}.{body:event_name}",
  ],
};
