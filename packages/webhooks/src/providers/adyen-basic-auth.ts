import { basic } from "../provider/scheme/credential.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { adyen } from "./adyen.ts";

/** Adyen endpoints that rely on Basic authentication alone. */
export const adyenBasicAuth: ProviderDefinition = {
  ...adyen,
  id: "adyen-basic-auth",
  name: "Adyen (Basic authentication only)",
  schemes: [basic()],
  secret: "user name and password of the webhook",
};
