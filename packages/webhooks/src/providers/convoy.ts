import { configuredHmac } from "../provider/scheme/configured.ts";
import type { HmacOptions, HmacScheme } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

const HEADER = "x-convoy-signature";

/** Hash and encoding are settings of the project, which the request does not repeat; its form tells the two schemes apart. */
function convoyHmac(name: "advanced" | "simple", form: Partial<HmacOptions>): HmacScheme {
  return configuredHmac(({ hash, encoding }) => ({
    name,
    header: HEADER,
    hash: hash === "sha512" ? "sha512" : "sha256",
    encoding: encoding === "base64" ? "base64" : "hex",
    when: ({ inbound }) => /^\s*t=\d/.test(inbound.header(HEADER) ?? "") === (name === "advanced"),
    ...form,
  }));
}

/** In the advanced form timestamp and body are joined by a comma. */
export const convoy: ProviderDefinition = {
  id: "convoy",
  name: "Convoy",
  group: "infrastructure",
  schemes: [
    convoyHmac("advanced", {
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", tolerance: 300 }),
      signed: "{ts},{body}",
    }),
    convoyHmac("simple", {}),
  ],
  secret: "endpoint secret",
  config: { hash: "sha256 (default) or sha512", encoding: "hex (default) or base64" },
  event: ["{body:event_type}", "{body:event}"],
  delivery: "{header:x-convoy-idempotency-key}",
};
