/** Content of the pages in docs/receiving that is not part of the definitions: steps at the provider, and a test request. */

import { PROVIDER_STEPS } from "../packages/posthorn/src/sources/provider-steps.ts";

/** Steps and test request for one provider. */
export interface Guide {
  readonly provider: string;
  /** Steps at the provider; `the URL` is the URL of the source. */
  readonly steps: readonly string[];
  /** Fields of the source besides name, uid and type, as JSON with shell variables. */
  readonly source: string;
  /** Shell lines that create secrets and keys before the source is created. */
  readonly keys: readonly string[];
  /** Shell lines that set `BODY` and the variables used in the headers. */
  readonly request: readonly string[];
  /** Headers of the request, with shell variables. */
  readonly headers: readonly string[];
  /** Expected response, to follow "The response is". Defaults to 200 and an empty body. */
  readonly expect?: string;
  /** Additional notes, one paragraph each. */
  readonly notes?: readonly string[];
}

const SECRET = "SECRET=$(openssl rand -hex 32)";
const JSON_TYPE = "content-type: application/json";
const ID = "ID=$(openssl rand -hex 16)";
const TIME = "TIME=$(date +%s)";

/** Shell command that signs standard input, in hexadecimal or Base64. */
const hex = (hash = "sha256", key = '-hmac "$SECRET"'): string => `openssl dgst -${hash} ${key} | sed 's/^.* //'`;
const base64 = (hash = "sha256", key = '-hmac "$SECRET"'): string =>
  `openssl dgst -${hash} ${key} -binary | openssl base64 -A`;

export const GUIDES: readonly Guide[] = [
  {
    provider: "github",
    steps: PROVIDER_STEPS.github,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [ID, `BODY='{"action":"opened","issue":{"number":1}}'`, `SIGNATURE=$(printf %s "$BODY" | ${hex()})`],
    headers: [JSON_TYPE, "x-github-event: issues", "x-github-delivery: $ID", "x-hub-signature-256: sha256=$SIGNATURE"],
    notes: ["GitHub does not retry failed deliveries. Let Posthorn [fetch missed events](backfill.md)."],
  },
  {
    provider: "gitlab",
    steps: PROVIDER_STEPS.gitlab,
    keys: ["SECRET=whsec_$(openssl rand -base64 24)"],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      ID,
      TIME,
      `BODY='{"object_kind":"push"}'`,
      "KEY=$(printf %s \"${SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')",
      `SIGNATURE=$(printf %s "$ID.$TIME.$BODY" | ${base64("sha256", '-mac HMAC -macopt "hexkey:$KEY"')})`,
    ],
    headers: [
      JSON_TYPE,
      "x-gitlab-event: Push Hook",
      "webhook-id: $ID",
      "webhook-timestamp: $TIME",
      "webhook-signature: v1,$SIGNATURE",
    ],
    notes: ["A secret token identifies the sender but does not protect the body. Prefer the signing token."],
  },
  {
    provider: "stripe",
    steps: PROVIDER_STEPS.stripe,
    keys: ["SECRET=whsec_$(openssl rand -hex 16)"],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      TIME,
      'BODY=\'{"id":"evt_\'$(openssl rand -hex 12)\'","object":"event","type":"invoice.paid"}\'',
      `SIGNATURE=$(printf %s "$TIME.$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "stripe-signature: t=$TIME,v1=$SIGNATURE"],
    notes: ["Posthorn can [fetch missed events](backfill.md) of the last 30 days."],
  },
  {
    provider: "slack",
    steps: PROVIDER_STEPS.slack,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      TIME,
      `BODY='{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRN"}'`,
      `SIGNATURE=$(printf %s "v0:$TIME:$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "x-slack-request-timestamp: $TIME", "x-slack-signature: v0=$SIGNATURE"],
    expect:
      "200 and the challenge, because this body is a handshake and not an event. Any other body is stored as an event.",
  },
  {
    provider: "discord",
    steps: PROVIDER_STEPS.discord,
    keys: [
      "openssl genpkey -algorithm ed25519 -out discord.pem 2>/dev/null",
      "PUBLIC_KEY=$(openssl pkey -in discord.pem -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \\n')",
    ],
    source: '"publicKeys": ["\'$PUBLIC_KEY\'"]',
    request: [
      TIME,
      `BODY='{"type":1}'`,
      'printf %s "$TIME$BODY" > signed.txt',
      "SIGNATURE=$(openssl pkeyutl -sign -rawin -inkey discord.pem -in signed.txt | od -An -v -tx1 | tr -d ' \\n')",
    ],
    headers: [JSON_TYPE, "x-signature-timestamp: $TIME", "x-signature-ed25519: $SIGNATURE"],
    expect: '200 and `{"type":1}`, the response to a PING.',
    notes: [
      "An interaction requires a response within 3 seconds. Set `response.wait` on the source to return the response of the endpoint.",
    ],
  },
  {
    provider: "twilio",
    steps: PROVIDER_STEPS.twilio,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      ID,
      'BODY="Body=Hello&From=%2B14155550100&MessageSid=SM$ID"',
      `SIGNATURE=$(printf %s "\${URL}BodyHelloFrom+14155550100MessageSidSM$ID" | ${base64("sha1")})`,
    ],
    headers: ["content-type: application/x-www-form-urlencoded", "x-twilio-signature: $SIGNATURE"],
    notes: [
      "Twilio signs the URL that it calls. Behind a proxy, set `POSTHORN_PUBLIC_URL` to the public URL, or `config.url` of the source.",
      "To respond with TwiML, set `response` of the source, or `response.wait` to return the response of the endpoint.",
    ],
  },
  {
    provider: "sendgrid",
    steps: PROVIDER_STEPS.sendgrid,
    keys: [
      "openssl ecparam -name prime256v1 -genkey -noout -out sendgrid.pem",
      "PUBLIC_KEY=$(openssl ec -in sendgrid.pem -pubout -outform DER 2>/dev/null | openssl base64 -A)",
    ],
    source: '"publicKeys": ["\'$PUBLIC_KEY\'"]',
    request: [
      TIME,
      'BODY=\'[{"email":"a@example.com","event":"delivered","sg_event_id":"\'$(openssl rand -hex 8)\'"}]\'',
      'SIGNATURE=$(printf %s "$TIME$BODY" | openssl dgst -sha256 -sign sendgrid.pem | openssl base64 -A)',
    ],
    headers: [
      JSON_TYPE,
      "x-twilio-email-event-webhook-timestamp: $TIME",
      "x-twilio-email-event-webhook-signature: $SIGNATURE",
    ],
  },
  {
    provider: "shopify",
    steps: PROVIDER_STEPS.shopify,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      ID,
      `BODY='{"id":820982911946154500,"email":"jon@example.com"}'`,
      `SIGNATURE=$(printf %s "$BODY" | ${base64()})`,
    ],
    headers: [
      JSON_TYPE,
      "x-shopify-topic: orders/create",
      "x-shopify-webhook-id: $ID",
      "x-shopify-hmac-sha256: $SIGNATURE",
    ],
  },
  {
    provider: "square",
    steps: PROVIDER_STEPS.square,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      'BODY=\'{"type":"payment.created","event_id":"\'$(openssl rand -hex 8)\'"}\'',
      `SIGNATURE=$(printf %s "$URL$BODY" | ${base64()})`,
    ],
    headers: [JSON_TYPE, "x-square-hmacsha256-signature: $SIGNATURE"],
    notes: [
      "Square signs the URL exactly as configured in the subscription. Behind a proxy, set `POSTHORN_PUBLIC_URL`, or `config.notificationUrl` of the source.",
    ],
  },
  {
    provider: "zendesk",
    steps: PROVIDER_STEPS.zendesk,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      "TIME=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      'BODY=\'{"type":"zen:event-type:ticket.created","id":"\'$(openssl rand -hex 8)\'"}\'',
      `SIGNATURE=$(printf %s "$TIME$BODY" | ${base64()})`,
    ],
    headers: [JSON_TYPE, "x-zendesk-webhook-signature-timestamp: $TIME", "x-zendesk-webhook-signature: $SIGNATURE"],
    notes: [
      "*Test webhook* before the webhook is saved is signed with a published key. Posthorn rejects it, as it should.",
    ],
  },
  {
    provider: "intercom",
    steps: PROVIDER_STEPS.intercom,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      'BODY=\'{"type":"notification_event","id":"notif_\'$(openssl rand -hex 8)\'","topic":"conversation.user.created"}\'',
      `SIGNATURE=$(printf %s "$BODY" | ${hex("sha1")})`,
    ],
    headers: [JSON_TYPE, "x-hub-signature: sha1=$SIGNATURE"],
  },
  {
    provider: "microsoft-teams",
    steps: PROVIDER_STEPS["microsoft-teams"],
    keys: ["SECRET=$(openssl rand -base64 32)"],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      'BODY=\'{"type":"message","id":"\'$(openssl rand -hex 8)\'","text":"<at>Bot</at> hello"}\'',
      "KEY=$(printf %s \"$SECRET\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')",
      `SIGNATURE=$(printf %s "$BODY" | ${base64("sha256", '-mac HMAC -macopt "hexkey:$KEY"')})`,
    ],
    headers: [JSON_TYPE, "authorization: HMAC $SIGNATURE"],
    expect:
      "200 and an empty message. Set `response.wait` on the source to reply in the channel with the response of the endpoint.",
  },
  {
    provider: "aws-sns",
    steps: PROVIDER_STEPS["aws-sns"],
    keys: ["openssl req -x509 -newkey rsa:2048 -nodes -keyout sns.pem -out sns.crt -subj /CN=sns -days 2 2>/dev/null"],
    source:
      '"config": {"topicArn": "arn:aws:sns:us-east-1:123456789012:orders"}, "publicKeys": [\'"$(node -p \'JSON.stringify(require("fs").readFileSync("sns.crt", "utf8"))\')"\']',
    request: [
      ID,
      "TIME=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)",
      "TOPIC=arn:aws:sns:us-east-1:123456789012:orders",
      "SIGNATURE=$(printf 'Message\\nhello\\nMessageId\\n%s\\nTimestamp\\n%s\\nTopicArn\\n%s\\nType\\nNotification\\n' $ID $TIME $TOPIC | openssl dgst -sha256 -sign sns.pem | openssl base64 -A)",
      'BODY=\'{"Type":"Notification","MessageId":"\'$ID\'","TopicArn":"\'$TOPIC\'","Message":"hello","Timestamp":"\'$TIME\'","SignatureVersion":"2","Signature":"\'$SIGNATURE\'","SigningCertURL":"https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem"}\'',
    ],
    headers: ["content-type: text/plain; charset=UTF-8", "x-amz-sns-message-type: Notification"],
    notes: [
      "The certificate is fetched only from `sns.*.amazonaws.com`. The test request uses its own certificate, which is set as a public key of the source. Omit `publicKeys` for the real SNS.",
    ],
  },
  {
    provider: "salesforce",
    steps: PROVIDER_STEPS.salesforce,
    keys: [],
    source: '"allowUnsigned": true',
    request: [
      ID,
      `BODY='<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D1</OrganizationId><Notification><Id>'$ID'</Id><sObject xsi:type="sf:Account" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>001</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>'`,
    ],
    headers: ["content-type: text/xml; charset=utf-8", 'soapaction: ""'],
    expect: "200 and a SOAP acknowledgement (`<Ack>true</Ack>`), without which Salesforce retries for 24 hours.",
    notes: ["`OrganizationId` names the sender but proves nothing. Fetch the record before you act on a message."],
  },
  {
    provider: "meta",
    steps: PROVIDER_STEPS.meta,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"], "config": {"verifyToken": "a-token-of-your-own"}',
    request: [
      `BODY='{"object":"page","entry":[{"id":"1","time":'$(date +%s)',"changes":[{"field":"feed"}]}]}'`,
      `SIGNATURE=$(printf %s "$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "x-hub-signature-256: sha256=$SIGNATURE"],
  },
  {
    provider: "zoom",
    steps: PROVIDER_STEPS.zoom,
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      TIME,
      `BODY='{"event":"endpoint.url_validation","event_ts":1,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}'`,
      `SIGNATURE=$(printf %s "v0:$TIME:$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "x-zm-request-timestamp: $TIME", "x-zm-signature: v0=$SIGNATURE"],
    expect:
      "200 with the token and its HMAC, because this body is a validation and not an event. Any other body is stored as an event.",
  },
  {
    provider: "standard-webhooks",
    steps: PROVIDER_STEPS["standard-webhooks"],
    keys: ["SECRET=whsec_$(openssl rand -base64 24)"],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      ID,
      TIME,
      `BODY='{"type":"user.created","timestamp":"2026-01-01T00:00:00Z","data":{}}'`,
      "KEY=$(printf %s \"${SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')",
      `SIGNATURE=$(printf %s "$ID.$TIME.$BODY" | ${base64("sha256", '-mac HMAC -macopt "hexkey:$KEY"')})`,
    ],
    headers: [JSON_TYPE, "webhook-id: $ID", "webhook-timestamp: $TIME", "webhook-signature: v1,$SIGNATURE"],
  },
];
