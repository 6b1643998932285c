import { asymmetric, ed25519 } from "../provider/scheme/asymmetric.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const telnyx: ProviderDefinition = {
  id: "telnyx",
  name: "Telnyx",
  group: "messaging",
  schemes: [
    asymmetric({
      algorithm: ed25519,
      header: "telnyx-signature-ed25519",
      timestamp: signedTime({ from: "header:telnyx-timestamp", tolerance: 300 }),
      signed: "{ts}|{body}",
    }),
  ],
  secret: "public key (Base64)",
  event: "{body:data.event_type}",
  delivery: "{body:data.id}",
  time: "{body:data.occurred_at}",
};
