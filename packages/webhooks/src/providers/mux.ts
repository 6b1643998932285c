import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const mux: ProviderDefinition = {
  id: "mux",
  name: "Mux",
  group: "content",
  schemes: [
    hmac({
      header: "mux-signature",
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", tolerance: 300 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "signing secret",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:created_at}",
  retry: "for 24 h",
};
