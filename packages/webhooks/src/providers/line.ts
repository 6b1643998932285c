import { signedEmptyBatch } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const line: ProviderDefinition = {
  id: "line",
  name: "LINE Messaging API",
  group: "messaging",
  schemes: [hmac({ header: "x-line-signature", encoding: "base64" })],
  secret: "channel secret",
  batch: { at: "events", event: "{body:type}", id: "{body:webhookEventId}", time: "{body:timestamp}" },
  handshakes: [signedEmptyBatch("events")],
  respond: { status: 200 },
  retry: "optional; redelivered events are marked isRedelivery",
};
