import { utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { respondToMethod, empty } from "../provider/handshakes.ts";
import { formFields, jsonField } from "../provider/payload.ts";
import { hmac, type HmacOptions } from "../provider/scheme/hmac.ts";
import type { Handshake, ProviderDefinition } from "../provider/types.ts";

const TEST_KEY = "test-webhook";

const options: HmacOptions = {
  header: "x-mandrill-signature",
  hash: "sha1",
  encoding: "base64",
  url: "webhookUrl",
  signed: ({ url, inbound }) => {
    const fields = formFields(inbound.text()).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return [url + fields.map(([name, value]) => name + value).join("")];
  },
  signedText: "{url}{sorted form fields}",
  key: (secret) => {
    if (secret !== TEST_KEY) return utf8(secret);
    throw new WebhookError(
      "secret_invalid",
      "test-webhook is the published key of Mandrill's test request and cannot authenticate events.",
    );
  },
};

/** The test request at the creation of a webhook contains no events and is signed with a published key. */
const test: Handshake = {
  summary: 'POST mandrill_events=[] signed with the key "test-webhook" or the real one → 200',
  async respond(context) {
    const events = context.inbound.payload();
    if (!Array.isArray(events) || events.length > 0) return undefined;
    try {
      await hmac({ ...options, key: utf8 }).verify({ ...context, secrets: [TEST_KEY], cache: new Map() });
    } catch {
      await context.verify();
    }
    return empty(200);
  },
};

/** The key "test-webhook" signs only the empty test request. Never accept it for events. */
export const mandrill: ProviderDefinition = {
  id: "mandrill",
  name: "Mailchimp Transactional (Mandrill)",
  group: "messaging",
  schemes: [hmac(options)],
  secret: "webhook key",
  config: { webhookUrl: "webhook URL, exactly as configured" },
  payload: jsonField("mandrill_events"),
  batch: { at: "", event: ["{body:event}", "{body:type}"], id: "{body:_id}.{body:event}.{body:ts}", time: "{body:ts}" },
  handshakes: [respondToMethod("HEAD"), test],
  respond: { status: 200 },
  retry: "with backoff for 2 to 3 days; up to 1,000 events per request",
};
