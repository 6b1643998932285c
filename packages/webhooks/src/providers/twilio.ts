import { digest } from "../crypto/digest.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { encodeHex, equalText, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { type Inbound, queryOf } from "../provider/inbound.ts";
import { formFields, jsonOrForm } from "../provider/payload.ts";
import { requireSecrets } from "../provider/require.ts";
import { publicUrl } from "../provider/scheme/signed.ts";
import type { Evidence, ProviderDefinition, Scheme, SchemeContext } from "../provider/types.ts";
import { requireHeader } from "../request.ts";

/**
 * Signs the URL, with or without its port, then the sorted form fields. A JSON body is covered by its hash in the URL.
 */
const signature: Scheme = {
  kind: "twilio",
  name: "signature",
  trust: "signed",
  covers: "body",
  summary: "base64(HMAC-SHA1 of {url}{sorted form fields}); JSON: of {url} with ?bodySHA256=",
  needs: "secrets",
  claimed: ({ inbound }) => inbound.header("x-twilio-signature") !== undefined,
  verify: verifyTwilio,
};

async function verifyTwilio(context: SchemeContext): Promise<Evidence> {
  const { inbound } = context;
  const secrets = requireSecrets(context);
  const given = requireHeader(inbound.headers, "x-twilio-signature");
  const url = publicUrl(undefined, context);
  const fields = await signedFields(url, inbound);
  for (const [secretIndex, secret] of secrets.entries()) {
    const key = hmacKey("sha1", utf8(secret));
    for (const candidate of urlForms(url)) {
      if (equalText(given, await key.macText([candidate, fields], "base64"))) return { secretIndex };
    }
  }
  throw new WebhookError(
    "signature_mismatch",
    "The signature does not match: the auth token belongs to another account, or the URL or the fields differ from what was signed. " +
      "Behind a proxy, pass the public URL as config.url.",
    { headerName: "x-twilio-signature" },
  );
}

/** Text after the URL in the signed text. Any other body is covered only by its hash in the URL, if there is one. */
export async function signedFields(url: string, inbound: Inbound): Promise<string> {
  const expected = new URLSearchParams(queryOf(url)).get("bodySHA256");
  if (expected !== null) {
    if (equalText(expected.toLowerCase(), encodeHex(await digest("sha256", [inbound.body])))) return "";
    throw new WebhookError("digest_mismatch", "The body does not match its hash in the URL.", {
      field: "bodySHA256",
    });
  }
  if (inbound.body.length === 0) return "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(inbound.header("content-type") ?? "")) {
    throw new WebhookError("missing_field", "The body is not a form and the URL has no bodySHA256.", {
      field: "bodySHA256",
    });
  }
  const values = new Map<string, Set<string>>();
  for (const [name, value] of formFields(inbound.text())) values.set(name, (values.get(name) ?? new Set()).add(value));
  const names = [...values.keys()].sort();
  return names.flatMap((name) => [...values.get(name)!].sort().map((value) => name + value)).join("");
}

/** Twilio signs some URLs with the standard port and some without it, independent of the configured URL. */
function urlForms(url: string): string[] {
  const [, scheme = "", authority = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(url) ?? [];
  if (scheme === "") return [url];
  const bare = authority.replace(/:\d*$/, "");
  const port = scheme.toLowerCase() === "http://" ? ":80" : ":443";
  return [...new Set([url, scheme + bare + rest, scheme + (bare === authority ? bare + port : authority) + rest])];
}

/**
 * The signature covers the public URL, with or without its port. A JSON body is covered only by bodySHA256 in the URL.
 */
export const twilio: ProviderDefinition = {
  id: "twilio",
  name: "Twilio",
  group: "messaging",
  schemes: [signature],
  secret: "primary auth token",
  config: { url: "public URL as configured at Twilio, if a proxy changes it" },
  payload: jsonOrForm,
  event: ["{body:MessageStatus}", "{body:SmsStatus}", "{body:CallStatus}", "{body:type}", "{body:EventType}"],
  delivery: [
    "{header:i-twilio-idempotency-token}",
    "{body:MessageSid}.{body:MessageStatus}",
    "{body:CallSid}.{body:CallStatus}",
    "{body:MessageSid}",
  ],
  time: ["{body:Timestamp}"],
  respond: { status: 200, within: 15, note: "TwiML for calls and messages" },
  retry: "none by default; configurable with connection overrides in the fragment of the URL",
};
