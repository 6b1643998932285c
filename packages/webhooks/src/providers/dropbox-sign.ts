import { hmacKey } from "../crypto/hmac.ts";
import { equalText, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { multipartJson } from "../provider/payload.ts";
import { requireField, requireSecrets } from "../provider/require.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Evidence, ProviderDefinition, Scheme } from "../provider/types.ts";

/** The hash in the event is an HMAC of its time and type with the account's API key. */
const eventHash: Scheme = {
  kind: "dropbox-sign",
  name: "event hash",
  trust: "signed",
  covers: "fields",
  summary: "event.event_hash = hex(HMAC-SHA256 of {event_time}{event_type})",
  needs: "secrets",
  claimed: ({ inbound }) => walk(inbound.payload(), "event.event_hash") !== undefined,
  async verify(context): Promise<Evidence> {
    const secrets = requireSecrets(context);
    const [time, type, given] = ["event_time", "event_type", "event_hash"].map((name) =>
      requireField(scalar(walk(context.inbound.payload(), `event.${name}`)), `event.${name}`),
    );
    for (const [secretIndex, secret] of secrets.entries()) {
      const mac = await hmacKey("sha256", utf8(secret)).macText([time!, type!], "hex");
      if (equalText(given!, mac)) return { secretIndex };
    }
    throw new WebhookError(
      "signature_mismatch",
      "event_hash does not match: it was made with the API key of another account.",
      {
        field: "event.event_hash",
      },
    );
  },
};

/** Only event time and type are signed. */
export const dropboxSign: ProviderDefinition = {
  id: "dropbox-sign",
  name: "Dropbox Sign (HelloSign)",
  aliases: ["hellosign"],
  group: "business",
  schemes: [eventHash],
  secret: "API key",
  payload: multipartJson("json"),
  event: "{body:event.event_type}",
  delivery: "{body:event.event_hash}",
  time: "{body:event.event_time}",
  respond: { status: 200, contentType: "text/plain", body: "Hello API Event Received" },
  retry: "6 times, also when the response body differs",
};
