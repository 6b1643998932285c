import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import { iso, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

function isVersion1({ inbound }: SchemeContext): boolean {
  const version = inbound.header("box-signature-version") ?? "1";
  const algorithm = inbound.header("box-signature-algorithm") ?? "HmacSHA256";
  return version === "1" && algorithm === "HmacSHA256";
}

/** Either key may match. Rotate one at a time. */
export const box: ProviderDefinition = {
  id: "box",
  name: "Box",
  group: "content",
  schemes: [
    onlyIf(
      isVersion1,
      hmac({
        header: ["box-signature-primary", "box-signature-secondary"],
        encoding: "base64",
        timestamp: signedTime({ from: "header:box-delivery-timestamp", as: iso, tolerance: 600, future: 0 }),
        signed: "{body}{ts}",
      }),
    ),
  ],
  secret: "primary and secondary signature key",
  event: "{body:trigger}",
  delivery: "{header:box-delivery-id}",
  time: "{body:created_at}",
  respond: { within: 30 },
  retry: "10 to 12 times over 2 h",
};
