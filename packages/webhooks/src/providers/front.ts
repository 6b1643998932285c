import { hmac } from "../provider/scheme/hmac.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const front: ProviderDefinition = {
  id: "front",
  name: "Front",
  group: "business",
  schemes: [
    hmac({
      header: "x-front-signature",
      encoding: "base64",
      timestamp: signedTime({ from: "header:x-front-request-timestamp", as: milliseconds, tolerance: 300 }),
      signed: "{ts}:{body}",
    }),
  ],
  secret: "app secret",
  event: "{body:type}",
};
