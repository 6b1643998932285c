import { digest } from "../crypto/digest.ts";
import { hmac } from "../crypto/hmac.ts";
import { decodeBase64, decodeUtf8, encodeHex, equalText } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { plainText } from "../provider/handshakes.ts";
import { formField } from "../provider/payload.ts";
import { requireConfig, requireField, requireSecrets } from "../provider/require.ts";
import type { Evidence, Handshake, ProviderDefinition, Scheme } from "../provider/types.ts";
import { xmlFields } from "../provider/xml.ts";

/** Braintree keys its HMAC-SHA1 with the SHA-1 of the private key. */
export async function macOf(secret: string, text: string): Promise<string> {
  return encodeHex(await hmac("sha1", await digest("sha1", [secret]), [text]));
}

/** A form with the payload and one `public key|signature` per API key. */
const form: Scheme = {
  kind: "braintree",
  name: "form",
  trust: "signed",
  covers: "body",
  summary: "bt_signature = public key|hex(HMAC-SHA1 of bt_payload), keyed with SHA-1 of the private key",
  needs: "secrets",
  claimed: ({ inbound }) => formField(inbound.text(), "bt_signature") !== undefined,
  async verify(context): Promise<Evidence> {
    const text = context.inbound.text();
    const payload = requireField(formField(text, "bt_payload"), "bt_payload");
    const pairs = requireField(formField(text, "bt_signature"), "bt_signature").split("&");
    const publicKey = requireConfig(context, "publicKey");
    const own = pairs.map((pair) => pair.split("|")).filter(([key]) => key === publicKey);
    for (const [index, secret] of requireSecrets(context).entries()) {
      // The gateway may or may not sign the line feed at the end of the payload.
      for (const variant of [payload, `${payload}\n`]) {
        const mac = await macOf(secret, variant);
        if (own.some(([, signature = ""]) => equalText(signature, mac))) return { secretIndex: index };
      }
    }
    if (own.length > 0) throw new WebhookError("signature_mismatch", "The signature does not match bt_payload.");
    throw new WebhookError("unknown_version", "bt_signature has no signature for config.publicKey.");
  },
};

/** The Base64-encoded XML in the form, to which the selectors of the definition apply. */
function xmlOf(text: string): string {
  const bytes = decodeBase64((formField(text, "bt_payload") ?? "").replace(/\s/g, ""));
  return (bytes && decodeUtf8(bytes)) ?? "";
}

const challenge: Handshake = {
  summary: "GET ?bt_challenge= → 200, public key|hex(HMAC-SHA1 of the challenge)",
  async respond(context) {
    const text = context.inbound.method === "GET" ? context.inbound.query("bt_challenge") : undefined;
    if (text === undefined) return undefined;
    if (!/^[a-f0-9]{20,32}$/.test(text)) {
      throw new WebhookError("body_invalid", "bt_challenge must be 20 to 32 hexadecimal digits.", {
        field: "bt_challenge",
      });
    }
    const publicKey = requireConfig(context, "publicKey");
    return plainText(`${publicKey}|${await macOf(requireSecrets(context)[0]!, text)}`);
  },
};

/** The payload is Base64-encoded XML. Parse it with external entities disabled. */
export const braintree: ProviderDefinition = {
  id: "braintree",
  name: "Braintree",
  group: "payments",
  schemes: [form],
  secret: "private API key",
  config: { publicKey: "public API key" },
  payload: (text) => xmlFields("kind", "timestamp")(xmlOf(text)),
  event: "{body:kind}",
  time: "{body:timestamp}",
  handshakes: [challenge],
  respond: { within: 30 },
  retry: "live: hourly for 24 h; sandbox: 3 h",
};
