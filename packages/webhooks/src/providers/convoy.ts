import type { HashName } from "../crypto/runtime.ts";
import type { TextEncoding } from "../encoding.ts";
import { hmac, type HmacOptions } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderConfig, ProviderDefinition, Scheme } from "../provider/types.ts";

const header = "x-convoy-signature";

/** Hash and encoding are settings of the project, which the request does not repeat. */
function optionsFor(config: ProviderConfig, advanced: boolean): HmacOptions {
  const hash: HashName = config["hash"] === "sha512" ? "sha512" : "sha256";
  const encoding: TextEncoding = config["encoding"] === "base64" ? "base64" : "hex";
  if (!advanced) return { header, hash, encoding };
  const timestamp = signedTime({ from: "field:t", tolerance: 300 });
  return { header, hash, encoding, fields: pairs("v1"), timestamp, signed: "{ts},{body}" };
}

function convoyScheme(advanced: boolean): Scheme {
  const name = advanced ? "advanced" : "simple";
  return {
    ...hmac({ ...optionsFor({}, advanced), name }),
    claimed: ({ inbound }) => {
      const value = inbound.header(header);
      return value !== undefined && /^\s*t=\d/.test(value) === advanced;
    },
    verify: (context) => hmac(optionsFor(context.config, advanced)).verify(context),
  };
}

/** In the advanced form timestamp and body are joined by a comma. */
export const convoy: ProviderDefinition = {
  id: "convoy",
  name: "Convoy",
  group: "infrastructure",
  schemes: [convoyScheme(true), convoyScheme(false)],
  secret: "endpoint secret",
  config: { hash: "sha256 (default) or sha512", encoding: "hex (default) or base64" },
  event: ["{body:event_type}", "{body:event}"],
  delivery: "{header:x-convoy-idempotency-key}",
};
