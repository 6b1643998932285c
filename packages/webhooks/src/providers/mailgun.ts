import { checkFreshness } from "../clock.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { equalText, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { Inbound } from "../provider/inbound.ts";
import { jsonOrForm, multipartField } from "../provider/payload.ts";
import { requireField, requireSecrets } from "../provider/require.ts";
import { seconds } from "../provider/scheme/timestamp.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Evidence, ProviderDefinition, Scheme } from "../provider/types.ts";

/** Mailgun signs a random token and a timestamp, but not the event. */
const tokenSignature: Scheme = {
  kind: "mailgun",
  name: "token",
  trust: "signed",
  covers: "fields",
  summary: "signature.signature = hex(HMAC-SHA256 of {timestamp}{token}); the event itself is not signed",
  needs: "secrets",
  claimed: ({ inbound }) => readSignature(inbound) !== undefined,
  async verify(context): Promise<Evidence> {
    const secrets = requireSecrets(context);
    const { timestamp, token, signature } = readSignature(context.inbound) ?? {};
    const given = requireField(scalar(signature), "signature.signature");
    const time = requireField(scalar(timestamp), "signature.timestamp");
    const signedAt = seconds(time);
    if (Number.isNaN(signedAt)) {
      throw new WebhookError("timestamp_invalid", "signature.timestamp is not a time.", {
        field: "signature.timestamp",
      });
    }
    checkFreshness(signedAt, context, RETRIES_SECONDS, { field: "signature.timestamp" });
    const text = time + requireField(scalar(token), "signature.token");
    for (const [secretIndex, secret] of secrets.entries()) {
      if (equalText(given, await hmacKey("sha256", utf8(secret)).macText([text], "hex")))
        return { secretIndex, signedAt };
    }
    throw new WebhookError(
      "signature_mismatch",
      "The signature does not match timestamp and token: it was made with the key of another account.",
      {
        field: "signature.signature",
      },
    );
  },
};

// Mailgun retries for eight hours and does not document whether each attempt is signed again.
const RETRIES_SECONDS = 8 * 3600 + 300;

function readSignature(inbound: Inbound): Readonly<Record<string, unknown>> | undefined {
  const payload = inbound.payload();
  const nested = walk(payload, "signature");
  const found = typeof nested === "object" ? nested : payload;
  return walk(found, "signature") === undefined ? undefined : (found as Readonly<Record<string, unknown>>);
}

/** Webhooks are JSON. Routes are forms, and multipart forms when there are attachments. */
function readPayload(text: string, contentType: string): unknown {
  if (!/^multipart\//i.test(contentType)) return jsonOrForm(text, contentType);
  const names = ["timestamp", "token", "signature", "event"];
  return Object.fromEntries(names.map((name) => [name, multipartField(text, contentType, name)]));
}

/** Only timestamp and token are signed, not the event. Remember each token to prevent replays. */
export const mailgun: ProviderDefinition = {
  id: "mailgun",
  name: "Mailgun",
  group: "messaging",
  schemes: [tokenSignature],
  secret: "HTTP webhook signing key",
  payload: readPayload,
  event: ["{body:event-data.event}", "{body:event}"],
  delivery: ["{body:event-data.id}", "{body:token}"],
  time: ["{body:event-data.timestamp}", "{body:timestamp}"],
  respond: { status: 200, note: "406 stops retries" },
  retry: "for 8 h: after 10, 10, 15 and 30 min, then 1, 2 and 4 h",
};
