import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Intuit is changing the payload to an array of CloudEvents. */
export const quickbooks: ProviderDefinition = {
  id: "quickbooks",
  name: "QuickBooks (Intuit)",
  aliases: ["intuit"],
  group: "payments",
  schemes: [hmac({ header: "intuit-signature", encoding: "base64" })],
  secret: "verifier token",
  event: [
    "{body:0.type}",
    "{body:eventNotifications.0.dataChangeEvent.entities.0.name}.{body:eventNotifications.0.dataChangeEvent.entities.0.operation}",
  ],
  delivery: ["{header:intuit-t-id}", "{body:0.id}"],
  time: ["{body:0.time}", "{body:eventNotifications.0.dataChangeEvent.entities.0.lastUpdated}"],
  batch: { at: "", event: "{body:type}", id: "{body:id}", time: "{body:time}" },
  respond: { status: 200, within: 3 },
  retry: "after 20, 30 and 50 min, then every 6 h",
};
