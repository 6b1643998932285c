import { hmac } from "../provider/scheme/hmac.ts";
import { onlyIf } from "../provider/scheme/only-if.ts";
import { plainHash } from "../provider/scheme/plain-hash.ts";
import { milliseconds, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition, Scheme, SchemeContext } from "../provider/types.ts";

// Escapes that HubSpot decodes before it signs a URL (v3).
const DECODED: Readonly<Record<string, string>> = {
  "%3A": ":",
  "%2F": "/",
  "%3F": "?",
  "%40": "@",
  "%21": "!",
  "%24": "$",
  "%27": "'",
  "%28": "(",
  "%29": ")",
  "%2A": "*",
  "%2C": ",",
  "%3B": ";",
};

function version({ inbound }: SchemeContext): string {
  return inbound.header("x-hubspot-signature-version") ?? "v1";
}

const schemes: readonly [Scheme, ...Scheme[]] = [
  hmac({
    name: "v3",
    url: "url",
    header: "x-hubspot-signature-v3",
    encoding: "base64",
    timestamp: signedTime({ from: "header:x-hubspot-request-timestamp", as: milliseconds, tolerance: 300 }),
    signed: ({ inbound, url, timestamp }) => {
      const decoded = url.replace(/%[0-9A-F]{2}/gi, (escape) => DECODED[escape.toUpperCase()] ?? escape);
      return [inbound.method + decoded, inbound.body, timestamp];
    },
    signedText: "{method}{url}{body}{ts}",
  }),
  onlyIf(
    (context) => version(context) === "v2",
    hmac({
      name: "v2",
      url: "url",
      header: "x-hubspot-signature",
      mac: plainHash,
      signed: "{secret}{method}{url}{body}",
    }),
  ),
  onlyIf(
    (context) => version(context) === "v1",
    hmac({
      name: "v1",
      header: "x-hubspot-signature",
      mac: plainHash,
      signed: "{secret}{body}",
    }),
  ),
];

/** v1 and v2 are plain hashes. When a v3 header is present, only v3 counts. A request contains up to 100 events. */
export const hubspot: ProviderDefinition = {
  id: "hubspot",
  name: "HubSpot",
  group: "business",
  schemes,
  secret: "client secret of the app",
  config: { url: "public URL with its query, if a proxy changes it" },
  batch: { at: "", event: "{body:subscriptionType}", id: "{body:eventId}", time: "{body:occurredAt}" },
  respond: { within: 5 },
  retry: "10 times over 24 h",
};
