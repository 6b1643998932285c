import { after, firstMatch } from "../awaitable.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { equalText } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { Inbound } from "../provider/inbound.ts";
import { requireField, requireSecrets } from "../provider/require.ts";
import { basic } from "../provider/scheme/credential.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { hexKey } from "../provider/secret-readers.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Evidence, ProviderDefinition, Scheme, SchemeContext } from "../provider/types.ts";

const FIELDS = [
  "pspReference",
  "originalReference",
  "merchantAccountCode",
  "merchantReference",
  "amount.value",
  "amount.currency",
  "eventCode",
  "success",
];

/** Standard notifications: each item has a signature over eight of its fields. */
const items: Scheme = {
  kind: "adyen-items",
  name: "standard",
  trust: "signed",
  covers: "fields",
  summary: "in each item, additionalData.hmacSignature = base64(HMAC-SHA256 of eight fields joined by colons)",
  needs: "secrets",
  claimed: ({ inbound }) => readItems(inbound).some((item) => signatureOf(item) !== undefined),
  verify: verifyItems,
};

async function verifyItems(context: SchemeContext): Promise<Evidence> {
  const found = readItems(context.inbound);
  requireField(found.length > 0 ? "items" : undefined, "notificationItems");
  const secrets = requireSecrets(context).map((secret) => hmacKey("sha256", hexKey(secret)));
  let oldest = 0;
  for (const item of found) {
    const given = requireField(signatureOf(item), "additionalData.hmacSignature");
    const text = itemText(item);
    const index = await firstMatch(secrets.length, (candidate) =>
      after(secrets[candidate]!.macText([text], "base64"), (mac) => equalText(given, mac)),
    );
    if (index < 0) {
      throw new WebhookError("signature_mismatch", "The signature of an item does not match its fields.", {
        field: "additionalData.hmacSignature",
      });
    }
    oldest = Math.max(oldest, index);
  }
  return { secretIndex: oldest };
}

/** The signed text of an item. Adyen's own libraries do not escape anything in it. */
export function itemText(item: unknown): string {
  return FIELDS.map((field) => scalar(walk(item, field)) ?? "").join(":");
}

function readItems(inbound: Inbound): readonly unknown[] {
  const list = walk(inbound.payload(), "notificationItems");
  return Array.isArray(list) ? list.map((entry: unknown) => walk(entry, "NotificationRequestItem")) : [];
}

function signatureOf(item: unknown): string | undefined {
  const value = walk(item, "additionalData.hmacSignature");
  return typeof value === "string" ? value : undefined;
}

/** Each item has its own signature, which covers only eight of its fields. */
export const adyen: ProviderDefinition = {
  id: "adyen",
  name: "Adyen",
  group: "payments",
  schemes: [
    hmac({ name: "platforms", header: "hmacsignature", encoding: "base64", key: hexKey }),
    items,
    basic({ name: "basic auth" }),
  ],
  secret: "HMAC key (hex)",
  event: ["{body:type}", "{body:notificationItems.0.NotificationRequestItem.eventCode}"],
  delivery: "{body:data.id}",
  time: ["{body:timestamp}", "{body:data.creationDate}"],
  batch: {
    at: "notificationItems",
    event: "{body:NotificationRequestItem.eventCode}",
    id: "{body:NotificationRequestItem.pspReference}.{body:NotificationRequestItem.eventCode}.{body:NotificationRequestItem.success}",
    time: "{body:NotificationRequestItem.eventDate}",
  },
  respond: { status: 202, body: "[accepted]", within: 10 },
  retry: "queued for up to 30 days; Adyen pauses the endpoint until it responds",
};
