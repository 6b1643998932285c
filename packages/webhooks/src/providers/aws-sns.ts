import { checkFreshness } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import { empty } from "../provider/handshakes.ts";
import { requireTrustedUrl } from "../provider/key-fetch.ts";
import { requireField } from "../provider/require.ts";
import { verifyWithCertificate } from "../provider/scheme/certificate.ts";
import { iso } from "../provider/scheme/timestamp.ts";
import { walk } from "../provider/select.ts";
import type {
  Evidence,
  Handshake,
  ProviderConfig,
  ProviderDefinition,
  Scheme,
  SchemeContext,
} from "../provider/types.ts";

const HOST = /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/;
const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/** SNS signs some fields of the message, with a certificate that the message names. */
const signature: Scheme = {
  kind: "aws-sns",
  name: "certificate",
  trust: "signed",
  covers: "fields",
  summary:
    "base64(RSA-SHA1 (version 1) or RSA-SHA256 (2) of the fields as name\\nvalue\\n), certificate from amazonaws.com",
  needs: "publicKeys",
  claimed: ({ inbound }) => walk(inbound.payload(), "Signature") !== undefined,
  verify: verifyMessage,
};

async function verifyMessage(context: SchemeContext): Promise<Evidence> {
  const field = (name: string): string | undefined => {
    const value = walk(context.inbound.payload(), name);
    return typeof value === "string" ? value : undefined;
  };
  const given = requireField(field("Signature"), "Signature");
  const version = field("SignatureVersion");
  if (version !== "1" && version !== "2") {
    throw new WebhookError("unknown_version", "SignatureVersion must be 1 or 2.", { field: "SignatureVersion" });
  }
  const address = requireField(field("SigningCertURL") ?? field("SigningCertUrl"), "SigningCertURL");
  const url = requireTrustedUrl(address, HOST, "Amazon SNS");
  if (!new URL(url).pathname.endsWith(".pem")) {
    throw new WebhookError("certificate_untrusted", "SigningCertURL does not name a .pem file.");
  }
  checkTopic(field("TopicArn"), context.config);
  const text = signedText(field);
  const algorithm = version === "1" ? "rsa-sha1" : "rsa-sha256";
  const secretIndex = await verifyWithCertificate(context, { provider: "aws-sns", url }, algorithm, given, text);
  const signedAt = iso(field("Timestamp") ?? "");
  if (!Number.isNaN(signedAt)) checkFreshness(signedAt, context, Infinity, { field: "Timestamp" });
  return { secretIndex, signedAt: Number.isNaN(signedAt) ? undefined : signedAt };
}

/** The signed fields, each as `name\nvalue\n`: the fields of the message type, sorted by name. */
export function signedText(field: (name: string) => string | undefined): string[] {
  const names = field("Type") === "Notification" ? NOTIFICATION : CONFIRMATION;
  return names.flatMap((name) => {
    const value = field(name);
    if (value !== undefined) return [`${name}\n${value}\n`];
    if (name === "Subject") return [];
    throw new WebhookError("missing_field", `The message has no ${name}.`, { field: name });
  });
}

/** Anyone can create a topic and let SNS sign for it. */
function checkTopic(topic: string | undefined, config: ProviderConfig): void {
  const allowed = config["topicArn"]?.split(",").map((entry) => entry.trim());
  if (allowed === undefined || (topic !== undefined && allowed.includes(topic))) return;
  throw new WebhookError("key_untrusted", "The message belongs to a topic that config.topicArn does not list.", {
    field: "TopicArn",
  });
}

/**
 * A subscription is confirmed by a GET of the URL in the message, after its signature was verified and only on hosts
 * of Amazon.
 */
const confirmation: Handshake = {
  summary: "signed, Type = SubscriptionConfirmation → 200; then GET SubscribeURL (amazonaws.com only)",
  async respond(context) {
    if (walk(context.inbound.payload(), "Type") !== "SubscriptionConfirmation") return undefined;
    await context.verify();
    const url = requireTrustedUrl(String(walk(context.inbound.payload(), "SubscribeURL")), HOST, "Amazon SNS");
    return { ...empty(200), action: { kind: "fetch", url } };
  },
};

/**
 * The body is JSON sent as text/plain. Raw message delivery has no signature. List your topics in config.topicArn,
 * because anyone can create one.
 */
export const awsSns: ProviderDefinition = {
  id: "aws-sns",
  name: "Amazon SNS",
  aliases: ["sns"],
  group: "cloud",
  schemes: [signature],
  secret: "none: the certificate is fetched from amazonaws.com",
  config: { topicArn: "allowed topics, separated by commas" },
  event: ["{header:x-amz-sns-message-type}", "{body:Type}"],
  delivery: ["{header:x-amz-sns-message-id}", "{body:MessageId}"],
  time: "{body:Timestamp}",
  handshakes: [confirmation],
  respond: { status: 200, within: 15 },
  retry: "according to the delivery policy, for at most 1 h; 4xx other than 429 is final",
};
