import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

export const jenkins: ProviderDefinition = {
  id: "jenkins",
  name: "Jenkins",
  group: "development",
  schemes: [credential({ header: "authorization", configurable: true }), urlSecret()],
  unsigned: unsigned("a token in the URL or a header set by the author of the job"),
  secret: "token chosen in the job",
  event: ["{body:build.phase}"],
};
