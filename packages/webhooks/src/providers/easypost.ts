import { hmac } from "../provider/scheme/hmac.ts";
import { nfkdKey } from "../provider/secret-readers.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The secret is NFKD-normalised before it is used. */
export const easypost: ProviderDefinition = {
  id: "easypost",
  name: "EasyPost",
  group: "infrastructure",
  schemes: [hmac({ header: "x-hmac-signature", prefix: "hmac-sha256-hex=", key: nfkdKey })],
  secret: "webhook secret",
  event: "{body:description}",
  delivery: "{body:id}",
  time: "{body:created_at}",
};
