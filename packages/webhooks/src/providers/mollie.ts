import { WebhookError } from "../errors.ts";
import type { Inbound } from "../provider/inbound.ts";
import { formField, jsonOrForm } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

/** After a rotation the header appears twice, and servers join repeated headers with a comma. */
function everySignature(inbound: Inbound): readonly string[] {
  return (inbound.header("x-mollie-signature") ?? "").split(",").map((signature) => signature.trim());
}

/** Classic webhooks contain only an ID. It becomes part of an API URL, so it must be a plain ID. */
function checkClassicId(inbound: Inbound): void {
  if (/^[a-z]{2,10}_[A-Za-z0-9]{1,64}$/.test(formField(inbound.text(), "id") ?? "")) return;
  throw new WebhookError("body_invalid", "The form has no ID in Mollie's format.", { field: "id" });
}

/** For 24 h after a rotation the header appears twice. The ID of a classic webhook can come from anyone. */
export const mollie: ProviderDefinition = {
  id: "mollie",
  name: "Mollie",
  group: "payments",
  schemes: [hmac({ header: "x-mollie-signature", prefix: "sha256=", find: everySignature })],
  unsigned: unsigned(
    "classic webhooks have no signature; fetch the resource by its ID with the API key",
    checkClassicId,
  ),
  secret: "signing secret of the subscription",
  payload: jsonOrForm,
  event: "{body:type}",
  delivery: "{body:resource}.{body:id}",
  time: "{body:createdAt}",
  respond: { status: 200, within: 15, note: "respond with 200 to unknown IDs too" },
  retry: "10 times over 26 h",
};
