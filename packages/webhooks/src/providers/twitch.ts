import { signedChallenge } from "../provider/handshakes.ts";
import { hmac } from "../provider/scheme/hmac.ts";
import { iso, signedTime } from "../provider/scheme/timestamp.ts";
import type { ProviderDefinition } from "../provider/types.ts";

export const twitch: ProviderDefinition = {
  id: "twitch",
  name: "Twitch EventSub",
  group: "messaging",
  schemes: [
    hmac({
      header: "twitch-eventsub-message-signature",
      prefix: "sha256=",
      timestamp: signedTime({ from: "header:twitch-eventsub-message-timestamp", as: iso, tolerance: 600 }),
      signed: "{header:twitch-eventsub-message-id}{ts}{body}",
    }),
  ],
  secret: "secret of the subscription (10 to 100 characters)",
  event: ["{header:twitch-eventsub-subscription-type}", "{body:subscription.type}"],
  delivery: "{header:twitch-eventsub-message-id}",
  time: "{header:twitch-eventsub-message-timestamp}",
  handshakes: [
    signedChallenge({
      when: ["header:twitch-eventsub-message-type", "webhook_callback_verification"],
      path: "challenge",
    }),
  ],
  respond: { status: 204, within: 5 },
  retry: "several times, then Twitch revokes the subscription",
};
