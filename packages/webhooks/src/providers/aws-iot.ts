import { empty } from "../provider/handshakes.ts";
import { requireTrustedUrl } from "../provider/key-fetch.ts";
import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import { walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

const HOST = /^iot\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;

/** A destination is confirmed by a GET of the URL in the message, which anyone could have sent. */
const confirmation: Handshake = {
  summary: "DestinationConfirmation → 200; then GET enableUrl (iot.*.amazonaws.com only)",
  respond({ inbound }) {
    if (inbound.header("x-amz-rules-engine-message-type") !== "DestinationConfirmation") return undefined;
    const address = walk(inbound.payload(), "enableUrl");
    if (typeof address !== "string") return empty(200);
    return { ...empty(200), action: { kind: "fetch", url: requireTrustedUrl(address, HOST, "AWS IoT") } };
  },
};

/** Confirm only URLs on iot.*.amazonaws.com. */
export const awsIot: ProviderDefinition = {
  id: "aws-iot",
  name: "AWS IoT Core HTTP action",
  group: "cloud",
  schemes: [credential({ header: "authorization", configurable: true }), urlSecret()],
  unsigned: unsigned("a secret in the URL or in a header of the rule"),
  secret: "value of a header configured in the rule",
  event: "{header:x-amz-rules-engine-message-type}",
  handshakes: [confirmation],
  respond: { within: 3 },
  retry: "3",
};
