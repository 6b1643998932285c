import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const quay: ProviderDefinition = {
  id: "quay",
  name: "Quay",
  group: "development",
  schemes: [urlSecret()],
  instead: "a secret in the URL; quay.io can also present a TLS client certificate",
  trap: "The event is chosen when the notification is set up and not repeated in the payload.",
};
