import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const workos: ProviderDefinition = {
  id: "workos",
  name: "WorkOS",
  group: "identity",
  schemes: [
    hmac({
      header: "workos-signature",
      fields: { signature: "v1" },
      timestamp: { from: "field:t", unit: "ms", tolerance: 180 },
      signed: "{ts}.{body}",
    }),
  ],
  secret: "endpoint secret",
  event: "{body:event}",
  delivery: "{body:id}",
  time: "{body:created_at}",
  respond: { status: 200 },
  retry: "6 over 3 days",
  trap: "The timestamp is in milliseconds, and a space follows the comma.",
};
