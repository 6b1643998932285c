/** What the pages of docs/receiving say that the catalogue does not know: what to do on the provider's side, and a request to try. */

export interface Guide {
  readonly provider: string;
  /** What to do at the provider, one step each; `the URL` is that of the source. */
  readonly steps: readonly string[];
  /** Fields of the source beside name, uid and type, as JSON with shell variables in it. */
  readonly source: string;
  /** Shell lines before the source is made: secrets and keys. */
  readonly keys: readonly string[];
  /** Shell lines that make `BODY` and whatever the headers need. */
  readonly request: readonly string[];
  /** Headers of the request, with shell variables. */
  readonly headers: readonly string[];
  /** What the answer is; 200 and an empty body unless given. */
  readonly expect?: string;
  /** What else there is to know. */
  readonly notes?: readonly string[];
}

const SECRET = "SECRET=$(openssl rand -hex 32)";
const JSON_TYPE = "content-type: application/json";
const ID = "ID=$(openssl rand -hex 16)";
const TIME = "TIME=$(date +%s)";

/** The signature of a text on standard input, in hexadecimal or base64. */
const hex = (hash = "sha256", key = '-hmac "$SECRET"'): string => `openssl dgst -${hash} ${key} | sed 's/^.* //'`;
const base64 = (hash = "sha256", key = '-hmac "$SECRET"'): string =>
  `openssl dgst -${hash} ${key} -binary | openssl base64 -A`;

export const GUIDES: readonly Guide[] = [
  {
    provider: "github",
    steps: [
      "In the repository or organisation: *Settings → Webhooks → Add webhook*.",
      "*Payload URL*: the URL. *Content type*: `application/json` (forms work too). *Secret*: the secret.",
      "Choose the events, and leave SSL verification on. GitHub sends a `ping` at once: it is verified and stored like any event.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [ID, `BODY='{"action":"opened","issue":{"number":1}}'`, `SIGNATURE=$(printf %s "$BODY" | ${hex()})`],
    headers: [JSON_TYPE, "x-github-event: issues", "x-github-delivery: $ID", "x-hub-signature-256: sha256=$SIGNATURE"],
    notes: ["GitHub does not retry failed deliveries. Let Posthorn [fetch missed events](backfill.md)."],
  },
  {
    provider: "gitlab",
    steps: [
      "In the project or group: *Settings → Webhooks → Add new webhook*.",
      "*URL*: the URL. Let GitLab make a *signing token* where it offers one and give it to the source; older versions have a *secret token* only.",
      "Choose the triggers and save. *Test* sends one of them.",
    ],
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
    notes: ["A secret token proves who sends and nothing of what: prefer the signing token."],
  },
  {
    provider: "stripe",
    steps: [
      "In the Dashboard: *Developers → Webhooks → Add destination*, or *Add endpoint*.",
      "Give it the URL and choose the events.",
      "Reveal the *signing secret* (`whsec_…`) and give it to the source. Each endpoint has one of its own, and so have test and live mode.",
    ],
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
    steps: [
      "At <https://api.slack.com/apps> choose the app. *Basic Information → Signing Secret* is the secret of the source.",
      "*Event Subscriptions → Enable Events*, and the URL as *Request URL*: Slack sends `url_verification`, which is answered.",
      "The same URL serves *Interactivity* and *Slash Commands*.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      TIME,
      `BODY='{"type":"url_verification","challenge":"3eZbrw1aBm2rZgRN"}'`,
      `SIGNATURE=$(printf %s "v0:$TIME:$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "x-slack-request-timestamp: $TIME", "x-slack-signature: v0=$SIGNATURE"],
    expect: "200 and the challenge: the handshake, which is no event. With another body it is one.",
  },
  {
    provider: "discord",
    steps: [
      "At <https://discord.com/developers/applications> choose the application. *General Information → Public Key* is the public key of the source.",
      "*Interactions Endpoint URL*, or *Webhooks → Endpoint URL*: the URL. Discord sends a PING, and one with a bad signature that must be refused with 401: both are answered.",
    ],
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
    expect: '200 and `{"type":1}`: the answer to a PING.',
    notes: [
      "An interaction wants its answer within three seconds: set `response.wait` on the source, and the endpoint's own answer goes back.",
    ],
  },
  {
    provider: "twilio",
    steps: [
      "In the Console choose the number, messaging service or application, and set the URL where it asks for a webhook, with `HTTP POST`.",
      "*Account → API keys & tokens → Auth Token* (the primary one) is the secret of the source.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      ID,
      'BODY="Body=Hello&From=%2B14155550100&MessageSid=SM$ID"',
      `SIGNATURE=$(printf %s "\${URL}BodyHelloFrom+14155550100MessageSidSM$ID" | ${base64("sha1")})`,
    ],
    headers: ["content-type: application/x-www-form-urlencoded", "x-twilio-signature: $SIGNATURE"],
    notes: [
      "Twilio signs the URL that it calls. Behind a proxy set `POSTHORN_PUBLIC_URL` to what the world calls, or `config.url` of the source.",
      "To answer with TwiML set `response` of the source, or `response.wait` to let the endpoint answer.",
    ],
  },
  {
    provider: "sendgrid",
    steps: [
      "*Settings → Mail Settings → Event Webhook → Create new webhook*: the URL, and the events.",
      "Turn *Signature Verification* on. The *Verification Key* is the public key of the source.",
    ],
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
    steps: [
      "For an app: subscribe with `webhookSubscriptionCreate` or in `shopify.app.toml`, with the URL. The app's *client secret* is the secret of the source.",
      "For one shop: *Settings → Notifications → Webhooks*; the secret is shown there.",
    ],
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
    steps: [
      "In the Developer Console choose the application. *Webhooks → Subscriptions → Add subscription*: the URL, and the events.",
      "The *signature key* of the subscription is the secret of the source.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      'BODY=\'{"type":"payment.created","event_id":"\'$(openssl rand -hex 8)\'"}\'',
      `SIGNATURE=$(printf %s "$URL$BODY" | ${base64()})`,
    ],
    headers: [JSON_TYPE, "x-square-hmacsha256-signature: $SIGNATURE"],
    notes: [
      "Square signs the URL exactly as it stands in the subscription. Behind a proxy set `POSTHORN_PUBLIC_URL`, or `config.notificationUrl` of the source.",
    ],
  },
  {
    provider: "zendesk",
    steps: [
      "*Admin Center → Apps and integrations → Actions and webhooks → Webhooks → Create webhook*: the URL, `POST`, `JSON`.",
      "*Reveal secret* on the page of the webhook: it is the secret of the source.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      "TIME=$(date -u +%Y-%m-%dT%H:%M:%SZ)",
      'BODY=\'{"type":"zen:event-type:ticket.created","id":"\'$(openssl rand -hex 8)\'"}\'',
      `SIGNATURE=$(printf %s "$TIME$BODY" | ${base64()})`,
    ],
    headers: [JSON_TYPE, "x-zendesk-webhook-signature-timestamp: $TIME", "x-zendesk-webhook-signature: $SIGNATURE"],
    notes: [
      "*Test webhook* before the webhook is saved is signed with a key that Zendesk publishes: it is refused, which is right.",
    ],
  },
  {
    provider: "intercom",
    steps: [
      "In the Developer Hub choose the app. *Configure → Webhooks*: the URL, and the topics.",
      "*Basic information → Client secret* is the secret of the source.",
    ],
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
    steps: [
      "In the team: *Manage team → Apps → Create an outgoing webhook*: a name, and the URL as callback.",
      "The *security token* that is shown once is the secret of the source.",
    ],
    keys: ["SECRET=$(openssl rand -base64 32)"],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      'BODY=\'{"type":"message","id":"\'$(openssl rand -hex 8)\'","text":"<at>Bot</at> hello"}\'',
      "KEY=$(printf %s \"$SECRET\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')",
      `SIGNATURE=$(printf %s "$BODY" | ${base64("sha256", '-mac HMAC -macopt "hexkey:$KEY"')})`,
    ],
    headers: [JSON_TYPE, "authorization: HMAC $SIGNATURE"],
    expect:
      "200 and a message without text. Set `response.wait` on the source to answer in the channel with what the endpoint says.",
  },
  {
    provider: "aws-sns",
    steps: [
      "*Amazon SNS → Topics → Create subscription*: protocol HTTPS, the URL as endpoint. Leave raw message delivery off.",
      "SNS sends a confirmation; it is verified, and the address in it is called. The subscription is confirmed within seconds.",
      "Set `config.topicArn` so that only your topic can send: SNS signs for every topic there is.",
    ],
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
      "The certificate is fetched from `sns.*.amazonaws.com` and nowhere else. The request below brings its own, as a public key of the source: leave that out for the real SNS.",
    ],
  },
  {
    provider: "salesforce",
    steps: [
      "*Setup → Workflow Actions → Outbound Messages → New*: the object, the URL as *Endpoint URL*, and the fields.",
      "Add it to a workflow rule or a flow. Salesforce signs nothing: the URL is the secret, or let a proxy ask for its client certificate.",
    ],
    keys: [],
    source: '"allowUnsigned": true',
    request: [
      ID,
      `BODY='<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D1</OrganizationId><Notification><Id>'$ID'</Id><sObject xsi:type="sf:Account" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>001</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>'`,
    ],
    headers: ["content-type: text/xml; charset=utf-8", 'soapaction: ""'],
    expect: "200 and an acknowledgement in SOAP (`<Ack>true</Ack>`), without which Salesforce sends again for a day.",
    notes: ["`OrganizationId` says who sent it, and proves nothing: fetch the record before you act on it."],
  },
  {
    provider: "meta",
    steps: [
      "At <https://developers.facebook.com/apps> choose the app. *App settings → Basic → App secret* is the secret of the source.",
      "*Webhooks*: the URL as *Callback URL*, and a *Verify token* of your own, which is `config.verifyToken` of the source. Meta asks with a GET, which is answered.",
      "Subscribe to the fields.",
    ],
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
    steps: [
      "At <https://marketplace.zoom.us> choose the app. *Features → Access → Secret Token* is the secret of the source.",
      "*Event subscriptions → Add*: the URL, *Validate* (which is answered, now and every 72 hours), and the events.",
    ],
    keys: [SECRET],
    source: '"secrets": ["\'$SECRET\'"]',
    request: [
      TIME,
      `BODY='{"event":"endpoint.url_validation","event_ts":1,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}'`,
      `SIGNATURE=$(printf %s "v0:$TIME:$BODY" | ${hex()})`,
    ],
    headers: [JSON_TYPE, "x-zm-request-timestamp: $TIME", "x-zm-signature: v0=$SIGNATURE"],
    expect: "200 with the token and its encryption: the validation, which is no event. With another event it is one.",
  },
  {
    provider: "standard-webhooks",
    steps: [
      "At any sender that keeps to [Standard Webhooks](https://www.standardwebhooks.com), Posthorn among them: add an endpoint with the URL.",
      "Its secret (`whsec_…`) is the secret of the source.",
    ],
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
