import { configuredHmac } from "../provider/scheme/configured.ts";
import type { HmacOptions, HmacScheme } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition, SchemeContext } from "../provider/types.ts";

const HEADER = "x-convoy-signature";

/** Hash and encoding are settings of the project that the request does not contain. */
function convoyHmac(form: HmacOptions): HmacScheme {
  return configuredHmac(({ hash, encoding }) => ({
    ...form,
    hash: hash === "sha512" ? "sha512" : "sha256",
    encoding: encoding === "base64" ? "base64" : "hex",
  }));
}

function isAdvanced({ inbound }: SchemeContext): boolean {
  return /^\s*t=\d/.test(inbound.header(HEADER) ?? "t=0");
}

/** In the advanced form timestamp and body are joined by a comma. */
export const convoy: ProviderDefinition = {
  id: "convoy",
  name: "Convoy",
  group: "infrastructure",
  schemes: [
    onlyIf(
      isAdvanced,
      convoyHmac({
        name: "advanced",
        header: HEADER,
        fields: pairs("v1"),
        timestamp: signedTime({ from: "field:t", tolerance: 300 }),
        signed: "{ts},{body}",
      }),
    ),
    onlyIf((context) => !isAdvanced(context), convoyHmac({ name: "simple", header: HEADER })),
  ],
  secret: "endpoint secret",
  config: { hash: "sha256 (default) or sha512", encoding: "hex (default) or base64" },
  event: ["{body:event_type}", "{body:event}"],
  delivery: "{header:x-convoy-idempotency-key}",
};
