import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const mux: ProviderDefinition = {
  id: "mux",
  name: "Mux",
  group: "content",
  schemes: [
    hmac({
      header: "mux-signature",
      fields: { signature: "v1" },
      timestamp: { from: "field:t", tolerance: 300 },
      signed: "{ts}.{body}",
    }),
  ],
  secret: "signing secret",
  event: "{body:type}",
  delivery: "{body:id}",
  time: "{body:created_at}",
  retry: "for 24 h",
};
