import { empty } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { htmlKey } from "../provider/secret-readers.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

/** Unsigned form sent when the webhook is activated. The response must be 200, and it must not reach a handler. */
const ping: Handshake = {
  summary: "unsigned form webhook_id= → exactly 200",
  respond: ({ inbound }) =>
    inbound.header("x-wc-webhook-signature") === undefined && /^webhook_id=\d{1,20}$/.test(inbound.text())
      ? empty(200)
      : undefined,
};

/** The delivery ID is a hash of webhook and second, so two events can share one. */
export const woocommerce: ProviderDefinition = {
  id: "woocommerce",
  name: "WooCommerce",
  group: "content",
  schemes: [hmac({ header: "x-wc-webhook-signature", encoding: "base64", key: htmlKey })],
  secret: "webhook secret",
  event: "{header:x-wc-webhook-topic}",
  delivery: "{header:x-wc-webhook-delivery-id}.{body:id}",
  time: ["{body:date_modified_gmt}", "{body:date_created_gmt}"],
  handshakes: [ping],
  respond: { status: 200, within: 60 },
  retry: "none; more than 5 consecutive failures disable the webhook",
};
