import { equalText } from "../encoding.ts";
import { credential } from "../provider/scheme/credential.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

/** Without payload signing, the header is the secret itself, which may look like a signature. */
function isPayloadSigned({ inbound, secrets }: SchemeContext): boolean {
  const value = inbound.header("x-jfrog-event-auth") ?? "";
  return value === "" || (/^[0-9a-f]{64}$/.test(value) && !secrets.some((secret) => equalText(value, secret)));
}

/** The header contains the secret itself or, with payload signing, an HMAC of the body. */
export const jfrog: ProviderDefinition = {
  id: "jfrog",
  name: "JFrog Artifactory",
  aliases: ["artifactory"],
  group: "development",
  schemes: [
    onlyIf(isPayloadSigned, hmac({ name: "payload signing", header: "x-jfrog-event-auth" })),
    credential({ name: "secret token", header: "x-jfrog-event-auth" }),
  ],
  secret: "secret token",
  event: "{body:domain}.{body:event_type}",
};
