import type { MessageParts } from "../crypto/hmac.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import type { SignedInput } from "../provider/scheme/signed.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

const SIGNATURE = {
  header: "x-hook0-signature",
  timestamp: signedTime({ from: "field:t", tolerance: 300 }),
} as const;

/** `t.names.values.body`: the header names listed in `h`, then the values of those present. */
function signedHeaders({ inbound, timestamp, fields }: SignedInput): MessageParts {
  const names = (fields.get("h") ?? "").toLowerCase();
  const values = names === "" ? [] : names.split(" ").map((name) => inbound.header(name));
  const present = values.filter((value) => value !== undefined);
  return [`${timestamp}.${names}.${present.join(".")}.`, inbound.body];
}

function hasV1({ inbound }: SchemeContext): boolean {
  return /(?:^|,)\s*v1=/.test(inbound.header("x-hook0-signature") ?? "v1=");
}

/** When v1 is present, v0 is ignored. */
export const coinbaseCdp: ProviderDefinition = {
  id: "coinbase-cdp",
  name: "Coinbase Developer Platform (Hook0)",
  aliases: ["hook0"],
  group: "payments",
  schemes: [
    onlyIf(
      hasV1,
      hmac({
        ...SIGNATURE,
        name: "v1",
        fields: pairs("v1"),
        signed: signedHeaders,
        signedText: "{ts}.{header names}.{header values}.{body}",
      }),
    ),
    onlyIf(
      (context) => !hasV1(context),
      hmac({
        ...SIGNATURE,
        name: "v0",
        fields: pairs("v0"),
        signed: "{ts}.{body}",
      }),
    ),
  ],
  secret: "secret of the subscription",
  event: ["{header:x-event-type}", "{body:eventType}"],
  delivery: ["{header:x-event-id}", "{body:id}"],
  time: ["{body:createdAt}", "{body:timestamp}"],
};
