import { hmac } from "../provider/scheme/hmac.ts";
import { pairs } from "../provider/scheme/pairs.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** The timestamp is in milliseconds, and the comma is followed by a space. */
export const workos: ProviderDefinition = {
  id: "workos",
  name: "WorkOS",
  group: "identity",
  schemes: [
    hmac({
      header: "workos-signature",
      fields: pairs("v1"),
      timestamp: signedTime({ from: "field:t", as: milliseconds, tolerance: 180 }),
      signed: "{ts}.{body}",
    }),
  ],
  secret: "endpoint secret",
  event: "{body:event}",
  delivery: "{body:id}",
  time: "{body:created_at}",
  respond: { status: 200 },
  retry: "6 times over 3 days",
};
