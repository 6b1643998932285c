import { escapeRocketChat } from "../chat/attachment-card.ts";
import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { hookFields, hookRequest, HOOK_RULES } from "../chat/incoming-hook.ts";
import { failed, jsonBody, judgeStatus, maskedUrl, stringIn } from "../chat/judge.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Check the incoming integration in Rocket.Chat, and enter its webhook URL here.";
const NAMES = { product: "Rocket.Chat", fix: FIX } as const;

export const ROCKET_CHAT = httpKind({
  family: "http",
  title: "Rocket.Chat",
  summary: "Posts each event as a message to a Rocket.Chat channel.",
  ...HOOK_RULES,
  fields: {
    ...hookFields({
      url: {
        help: "The webhook URL of an incoming integration of your Rocket.Chat workspace.",
        example: "https://chat.example.com/hooks/abc123/def456",
      },
      channel: {
        pattern: "[#@][\\w.-]{1,63}",
        help: "Another channel to post to: #name, or @name for a direct message. The integration must allow it.",
        example: "#general",
      },
    }),
    ...CARD_FIELDS,
  },
  setup: [
    "In Rocket.Chat, open Administration (Workspace) and select Integrations, then New, then Incoming.",
    "Switch on Enabled, enter a name, the channel to post to, and the user to post as, and select Save.",
    "Copy the webhook URL that is shown and enter it here.",
  ],
  check: cardProblem,
  // The token is the last part of the path, and the ID of the integration is before it.
  target: ({ url }) => maskedUrl(url, new URL(url).pathname.split("/").filter(Boolean).length - 2),
  request: (config, [message]) => hookRequest(config, message!, escapeRocketChat, { parseUrls: false }),
  judge: (response, messages, now) => messages.map(() => judge(response, now)),
});

/** Errors of incoming integrations, by the source text of Rocket.Chat (`integrations/server/api/api.ts`), read on 27 November 2026. */
function judge(response: KindResponse, now: number): ItemResult {
  const body = jsonBody(response);
  if (response.status === 200 && body?.["success"] === true) return { kind: "ok", reference: null };
  const said = stringIn(body, "error") || stringIn(body, "message");
  if (/invalid-channel|error-invalid-room|not_in_channel/.test(said)) {
    return failed(
      "closed",
      "target_not_found",
      `Rocket.Chat responded with "${said}". Check the name of the channel, and that the user of the integration is a member.`,
    );
  }
  if (/overriding destination channel is disabled/i.test(said)) {
    return failed(
      "closed",
      "target_not_found",
      `Rocket.Chat responded with "${said}". Leave the channel empty, or allow the integration to override it.`,
    );
  }
  if (/invalid integration|integration.*(?:disabled|not found)/i.test(said)) {
    return failed("closed", "target_not_found", `Rocket.Chat responded with "${said}". ${FIX}`);
  }
  if (/error-not-allowed|unauthorized|read.?only/i.test(said)) {
    return failed(
      "closed",
      "credentials_refused",
      `Rocket.Chat responded with "${said}". Allow the user of the integration to post to the channel.`,
    );
  }
  if (response.status === 200)
    return failed("retry", "protocol_error", `The server did not respond as Rocket.Chat does. ${FIX}`);
  return judgeStatus(response, now, NAMES);
}
