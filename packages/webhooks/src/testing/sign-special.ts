import { digest } from "../crypto/digest.ts";
import { hmac } from "../crypto/hmac.ts";
import { decodeUtf8, encodeBase64, encodeHex, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { multipartField, parseJson } from "../provider/payload.ts";
import { hexKey } from "../provider/secret-readers.ts";
import { scalar, walk } from "../provider/select.ts";
import type { Scheme } from "../provider/types.ts";
import { itemText } from "../providers/adyen.ts";
import { signedText } from "../providers/aws-sns.ts";
import { macOf } from "../providers/braintree.ts";
import { transmissionText } from "../providers/paypal.ts";
import { signedFields } from "../providers/twilio.ts";
import { openInbound } from "../provider/inbound.ts";
import { signWithKey } from "./sign-asymmetric.ts";
import { signToken } from "./sign-jwt.ts";
import type { Draft, SignContext } from "./draft.ts";

/** Signs for providers whose schemes have their own code. */
export async function signSpecial(draft: Draft, scheme: Scheme, context: SignContext): Promise<void> {
  const sign = SIGNERS[scheme.kind];
  if (sign === undefined) {
    throw new WebhookError(
      "argument_invalid",
      `Requests of ${context.definition.name} cannot be signed: no signer is known for this scheme.`,
    );
  }
  await sign(draft, context);
}

type SpecialSigner = (draft: Draft, context: SignContext) => Promise<void> | void;

const SIGNERS: Readonly<Record<string, SpecialSigner>> = {
  "adyen-items": signAdyen,
  "apple-jws": signApple,
  "aws-sns": signSns,
  braintree: signBraintree,
  "dropbox-sign": signDropboxSign,
  "graph-client-state": signGraph,
  mailgun: signMailgun,
  paypal: signPaypal,
  twilio: signTwilio,
};

async function signAdyen(draft: Draft, { secret }: SignContext): Promise<void> {
  const payload = jsonObject(draft);
  const items = walk(payload, "notificationItems");
  for (const entry of Array.isArray(items) ? items : []) {
    const item = walk(entry, "NotificationRequestItem");
    const mac = await hmac("sha256", hexKey(secret), [itemText(item)]);
    Object.assign(Object(item), {
      additionalData: { ...Object(walk(item, "additionalData")), hmacSignature: encodeBase64(mac) },
    });
  }
  draft.body = utf8(JSON.stringify(payload));
}

async function signApple(draft: Draft, context: SignContext): Promise<void> {
  const header = { alg: "ES256", x5c: context.certificates };
  const claims = { signedDate: context.now, ...jsonObject(draft) };
  draft.body = utf8(JSON.stringify({ signedPayload: await signToken(header, claims, context) }));
}

async function signSns(draft: Draft, { privateKey, now, config }: SignContext): Promise<void> {
  const message: Record<string, unknown> = {
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: config["topicArn"]?.split(",")[0] ?? "arn:aws:sns:us-east-1:123456789012:test",
    Message: "",
    Timestamp: new Date(now).toISOString(),
    SignatureVersion: "2",
    SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-test.pem",
    ...jsonObject(draft),
  };
  const algorithm = message["SignatureVersion"] === "1" ? "rsa-sha1" : "rsa-sha256";
  const text = signedText((name) => scalar(message[name])).join("");
  message["Signature"] = encodeBase64(await signWithKey(algorithm, privateKey, utf8(text)));
  draft.body = utf8(JSON.stringify(message));
  draft.headers["content-type"] = "text/plain; charset=UTF-8";
}

async function signBraintree(draft: Draft, { secret, config }: SignContext): Promise<void> {
  const payload = encodeBase64(draft.body);
  const signature = `${config["publicKey"]}|${await macOf(secret, payload)}`;
  draft.body = utf8(new URLSearchParams({ bt_signature: signature, bt_payload: payload }).toString());
  draft.headers["content-type"] = "application/x-www-form-urlencoded";
}

async function signDropboxSign(draft: Draft, { secret, now }: SignContext): Promise<void> {
  const text = decodeUtf8(draft.body) ?? "";
  const part = multipartField(text, draft.headers["content-type"] ?? "", "json") ?? text;
  const given = Object(walk(parseJson(part), "event"));
  const event = { event_time: String(Math.floor(now / 1000)), event_type: "callback_test", ...given };
  const mac = await hmac("sha256", utf8(secret), [String(event.event_time) + String(event.event_type)]);
  const json = JSON.stringify({ ...Object(parseJson(part)), event: { ...event, event_hash: encodeHex(mac) } });
  draft.body = utf8(`--posthorn\r\nContent-Disposition: form-data; name="json"\r\n\r\n${json}\r\n--posthorn--\r\n`);
  draft.headers["content-type"] = "multipart/form-data; boundary=posthorn";
}

function signGraph(draft: Draft, { secret }: SignContext): void {
  const payload = jsonObject(draft);
  const value = walk(payload, "value");
  const items = Array.isArray(value) && value.length > 0 ? value : [{}];
  const signed = items.map((item: unknown) => Object.assign(Object(item), { clientState: secret }));
  draft.body = utf8(JSON.stringify({ ...payload, value: signed }));
}

async function signMailgun(draft: Draft, { secret, now }: SignContext): Promise<void> {
  const timestamp = String(Math.floor(now / 1000));
  const token = "0123456789abcdef0123456789abcdef0123456789abcdef01";
  const signature = encodeHex(await hmac("sha256", utf8(secret), [timestamp, token]));
  draft.body = utf8(JSON.stringify({ ...jsonObject(draft), signature: { timestamp, token, signature } }));
}

async function signPaypal(draft: Draft, { privateKey, now, config }: SignContext): Promise<void> {
  const id = draft.headers["paypal-transmission-id"] ?? "69cd13f0-d67a-11e5-baa3-778b53f4ae55";
  const time = new Date(now).toISOString();
  const text = transmissionText(id, time, config["webhookId"] ?? "", draft.body);
  Object.assign(draft.headers, {
    "paypal-transmission-id": id,
    "paypal-transmission-time": time,
    "paypal-transmission-sig": encodeBase64(await signWithKey("rsa-sha256", privateKey, utf8(text))),
    "paypal-cert-url": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-test",
    "paypal-auth-algo": "SHA256withRSA",
  });
}

async function signTwilio(draft: Draft, { secret, config }: SignContext): Promise<void> {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(draft.headers["content-type"] ?? "");
  if (!isForm && draft.body.length > 0 && !draft.url.includes("bodySHA256=")) {
    const hash = encodeHex(await digest("sha256", [draft.body]));
    draft.url += `${draft.url.includes("?") ? "&" : "?"}bodySHA256=${hash}`;
  }
  const url = config["url"] ?? draft.url;
  const mac = await hmac("sha1", utf8(secret), [url, await signedFields(url, openInbound(draft))]);
  draft.headers["x-twilio-signature"] = encodeBase64(mac);
}

function jsonObject(draft: Draft): Readonly<Record<string, unknown>> {
  return Object(parseJson(decodeUtf8(draft.body) ?? "")) as Readonly<Record<string, unknown>>;
}
