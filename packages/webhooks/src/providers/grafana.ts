import { configuredHmac } from "../provider/scheme/configured.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

/** Users choose the header names and enable the timestamp. */
const alerting = configuredHmac(({ signatureHeader, timestampHeader }) => {
  const header = (signatureHeader ?? "x-grafana-alerting-signature").toLowerCase();
  if (timestampHeader === undefined) return { header };
  const from = `header:${timestampHeader.toLowerCase()}` as const;
  return { header, timestamp: signedTime({ from, tolerance: 300 }), signed: "{ts}:{body}" };
});

/** With a timestamp header, the signed text is timestamp:body. */
export const grafana: ProviderDefinition = {
  id: "grafana",
  name: "Grafana Alerting",
  group: "observability",
  schemes: [alerting],
  secret: "HMAC secret of the contact point",
  config: {
    timestampHeader: "timestamp header configured in Grafana, if any",
    signatureHeader: "signature header, if it is not X-Grafana-Alerting-Signature",
  },
  event: "{body:status}",
  batch: {
    at: "alerts",
    event: "{body:status}",
    id: "{body:fingerprint}.{body:startsAt}.{body:status}",
    time: "{body:startsAt}",
  },
};
