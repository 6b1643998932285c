import { checkFreshness } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import { requireTrustedUrl } from "../provider/key-fetch.ts";
import { requireConfig } from "../provider/require.ts";
import { verifyWithCertificate } from "../provider/scheme/certificate.ts";
import { iso } from "../provider/scheme/timestamp.ts";
import type { Evidence, ProviderDefinition, Scheme, SchemeContext } from "../provider/types.ts";
import { requireHeader } from "../request.ts";

// The four hosts of PayPal's REST API.
const HOST = /^api(-m)?(\.sandbox)?\.paypal\.com$/;

/** PayPal signs IDs, a timestamp and a CRC of the body, with a certificate that the request names. */
const certificate: Scheme = {
  kind: "paypal",
  name: "certificate",
  trust: "signed",
  // PayPal signs only a CRC-32 of the body, which detects accidents but not forgery.
  covers: "fields",
  summary: "base64(RSA-SHA256 of {transmission id}|{time}|{webhook id}|{crc32 of body}), certificate from paypal.com",
  needs: "publicKeys",
  claimed: ({ inbound }) => inbound.header("paypal-transmission-sig") !== undefined,
  verify: verifyPaypal,
};

async function verifyPaypal(context: SchemeContext): Promise<Evidence> {
  const { inbound } = context;
  const id = requireHeader(inbound.headers, "paypal-transmission-id");
  const time = requireHeader(inbound.headers, "paypal-transmission-time");
  const given = requireHeader(inbound.headers, "paypal-transmission-sig");
  const address = requireHeader(inbound.headers, "paypal-cert-url");
  if (requireHeader(inbound.headers, "paypal-auth-algo") !== "SHA256withRSA") {
    throw new WebhookError("unsupported_algorithm", "PAYPAL-AUTH-ALGO must be SHA256withRSA.");
  }
  const url = requireTrustedUrl(address, HOST, "PayPal");
  const signedAt = iso(time);
  if (Number.isNaN(signedAt)) {
    throw new WebhookError("timestamp_invalid", "PAYPAL-TRANSMISSION-TIME is not a valid time.", {
      headerName: "paypal-transmission-time",
    });
  }
  checkFreshness(signedAt, context, Infinity, { headerName: "paypal-transmission-time" });
  const message = transmissionText(id, time, requireConfig(context, "webhookId"), inbound.body);
  const secretIndex = await verifyWithCertificate(context, { provider: "paypal", url }, "rsa-sha256", given, [message]);
  return { secretIndex, signedAt };
}

/** The text that PayPal signs. */
export function transmissionText(id: string, time: string, webhookId: string, body: Uint8Array): string {
  return `${id}|${time}|${webhookId}|${crc32(body)}`;
}

/** CRC-32 (IEEE 802.3) as an unsigned number. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** PAYPAL-TRANSMISSION-ID changes with each attempt; the event ID in the body does not. */
export const paypal: ProviderDefinition = {
  id: "paypal",
  name: "PayPal",
  group: "payments",
  schemes: [certificate],
  secret: "none: the certificate is fetched from paypal.com",
  config: { webhookId: "ID of the webhook, from the developer dashboard" },
  event: "{body:event_type}",
  delivery: "{body:id}",
  time: "{body:create_time}",
  respond: { status: 200 },
  retry: "25 times over 3 days",
};
