import { credential } from "../provider/scheme/credential.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const flutterwave: ProviderDefinition = {
  id: "flutterwave",
  name: "Flutterwave",
  group: "payments",
  schemes: [
    hmac({ name: "v4", header: "flutterwave-signature", encoding: "base64" }),
    credential({ name: "v3", header: "verif-hash" }),
  ],
  secret: "secret hash",
  event: ["{body:event}", "{body:type}", "{body:event.type}"],
  delivery: ["{body:data.id}.{body:event}", "{body:id}"],
  time: ["{body:data.created_at}", "{body:timestamp}"],
  respond: { status: 200, within: 60 },
  retry: "3 times, every 30 min, if enabled",
};
