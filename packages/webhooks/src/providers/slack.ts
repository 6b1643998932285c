import { signedChallenge } from "../provider/handshakes.ts";
import { jsonOrFormField } from "../provider/payload.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const slack: ProviderDefinition = {
  id: "slack",
  name: "Slack",
  group: "messaging",
  schemes: [
    hmac({
      header: "x-slack-signature",
      prefix: "v0=",
      timestamp: signedTime({ from: "header:x-slack-request-timestamp", tolerance: 300 }),
      signed: "v0:{ts}:{body}",
    }),
  ],
  secret: "signing secret of the app",
  payload: jsonOrFormField("payload"),
  event: ["{body:event.type}", "{body:command}", "{body:type}"],
  delivery: ["{body:event_id}", "{body:trigger_id}"],
  time: ["{body:event_time}"],
  handshakes: [signedChallenge({ when: ["body:type", "url_verification"], path: "challenge" })],
  respond: { status: 200, within: 3, note: "X-Slack-No-Retry: 1 stops retries" },
  retry: "3 times: immediately, after 1 min and after 5 min; more than 95 % failures in an hour disable the URL",
  mask: ["body:token", "body:response_url"],
};
