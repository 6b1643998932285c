import { cloudEventsOptions, json } from "../provider/handshakes.ts";
import { requireField } from "../provider/require.ts";
import { credential } from "../provider/scheme/credential.ts";
import { urlSecret } from "../provider/scheme/url-secret.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

/**
 * The subscription becomes active once the code is returned. With secrets configured, the request must contain one of
 * them.
 */
const validation: Handshake = {
  summary: "aeg-event-type: SubscriptionValidation → 200 {validationResponse}",
  async respond(context) {
    const { inbound } = context;
    if (inbound.header("aeg-event-type") !== "SubscriptionValidation") return undefined;
    if (context.secrets.length > 0) await context.verify();
    const code = walk(inbound.payload(), "0.data.validationCode") ?? walk(inbound.payload(), "data.validationCode");
    // validationUrl is ignored: anyone could make the receiver call a URL from an unsigned request.
    return json({ validationResponse: requireField(scalar(code), "data.validationCode") });
  },
};

export const azureEventGrid: ProviderDefinition = {
  id: "azure-event-grid",
  name: "Azure Event Grid",
  group: "cloud",
  schemes: [credential({ header: "authorization", configurable: true }), urlSecret()],
  unsigned: unsigned("a secret in the URL's query or in a delivery header, or an Entra token"),
  secret: "secret in the query or delivery header",
  event: ["{body:type}", "{header:ce-type}"],
  delivery: ["{body:id}", "{header:ce-id}"],
  time: ["{body:time}", "{header:ce-time}"],
  batch: {
    at: "",
    event: ["{body:eventType}", "{body:type}"],
    id: "{body:id}",
    time: ["{body:eventTime}", "{body:time}"],
  },
  handshakes: [validation, cloudEventsOptions],
  respond: {
    status: 200,
    within: 30,
    note: "only 200 to 204 are success; 400 and 413 send the event to the dead-letter destination",
  },
  retry: "after 10 s, 30 s, 1, 5, 10 and 30 min, 1 h, then hourly, for up to 30 attempts or 24 h",
};
