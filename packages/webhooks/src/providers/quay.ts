import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

/** The event is chosen in the settings of the notification and does not appear in the payload. */
export const quay: ProviderDefinition = {
  id: "quay",
  name: "Quay",
  group: "development",
  schemes: [urlSecret()],
  unsigned: unsigned("a secret in the URL; quay.io can also present a TLS client certificate"),
};
