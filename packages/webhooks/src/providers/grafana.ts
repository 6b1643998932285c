import { hmac, type HmacOptions } from "../provider/scheme/hmac.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderConfig, ProviderDefinition, Scheme } from "../provider/types.ts";

const DEFAULT_HEADER = "x-grafana-alerting-signature";

/** The scheme follows the contact point's settings: the user names the headers and switches the timestamp on. */
function optionsFor(config: ProviderConfig): HmacOptions {
  const header = (config["signatureHeader"] ?? DEFAULT_HEADER).toLowerCase();
  const timestamp = config["timestampHeader"]?.toLowerCase();
  return timestamp === undefined
    ? { header }
    : { header, timestamp: signedTime({ from: `header:${timestamp}`, tolerance: 300 }), signed: "{ts}:{body}" };
}

const alerting: Scheme = {
  ...hmac({ header: DEFAULT_HEADER, signed: "{body}" }),
  summary: "hex(HMAC-SHA256 of {body}, or of {ts}:{body} with a timestamp header)",
  claimed: (context) => hmac(optionsFor(context.config)).claimed(context),
  verify: (context) => hmac(optionsFor(context.config)).verify(context),
};

/** With a timestamp header the signed text is timestamp:body, joined by a colon. */
export const grafana: ProviderDefinition = {
  id: "grafana",
  name: "Grafana Alerting",
  group: "observability",
  schemes: [alerting],
  secret: "HMAC secret of the contact point",
  config: {
    timestampHeader: "timestamp header configured in Grafana, if any",
    signatureHeader: "signature header, if not X-Grafana-Alerting-Signature",
  },
  event: "{body:status}",
  batch: {
    at: "alerts",
    event: "{body:status}",
    id: "{body:fingerprint}.{body:startsAt}.{body:status}",
    time: "{body:startsAt}",
  },
};
