import { WebhookError } from "../errors.ts";
import type { Inbound } from "../provider/inbound.ts";
import { formField, jsonOrForm } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

/** After a rotation the header comes twice, and whatever joins repeated headers puts a comma between. */
function everySignature(inbound: Inbound): readonly string[] {
  return (inbound.header("x-mollie-signature") ?? "").split(",").map((signature) => signature.trim());
}

/** Classic webhooks bring an id only. It goes into an API URL, so that it must be nothing but an id. */
function checkClassicId(inbound: Inbound): void {
  if (/^[a-z]{2,10}_[A-Za-z0-9]{1,64}$/.test(formField(inbound.text(), "id") ?? "")) return;
  throw new WebhookError("body_invalid", "The form has no id that looks like Mollie's.", { field: "id" });
}

/** For 24 h after a rotation the header comes twice. The classic id is input from anybody. */
export const mollie: ProviderDefinition = {
  id: "mollie",
  name: "Mollie",
  group: "payments",
  schemes: [hmac({ header: "x-mollie-signature", prefix: "sha256=", find: everySignature })],
  unsigned: unsigned(
    "classic webhooks have no signature: fetch the resource by its id with the API key",
    checkClassicId,
  ),
  secret: "signing secret of the subscription",
  payload: jsonOrForm,
  event: "{body:type}",
  delivery: "{body:resource}.{body:id}",
  time: "{body:createdAt}",
  respond: { status: 200, within: 15, note: "200 for unknown ids too" },
  retry: "10 over 26 h",
};
