import { escapeMattermost } from "../chat/attachment-card.ts";
import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { hookFields, hookRequest, HOOK_RULES } from "../chat/incoming-hook.ts";
import { failed, jsonBody, judgeStatus, maskedUrl, quoted, stringIn } from "../chat/judge.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Check the incoming webhook in Mattermost under Integrations, and enter its URL here.";
const NAMES = { product: "Mattermost", fix: FIX } as const;

export const MATTERMOST = httpKind({
  family: "http",
  title: "Mattermost",
  summary: "Posts each event as a message to a Mattermost channel.",
  ...HOOK_RULES,
  fields: {
    ...hookFields({
      url: {
        help: "The URL of an incoming webhook of your Mattermost server.",
        example: "https://mattermost.example.com/hooks/abcdefghijklmnopqrstuvwxyz",
      },
      channel: {
        pattern: "@?[a-z0-9._-]{1,64}",
        help: "Name of another channel to post to, as in its URL, or @name for a direct message. The webhook must not be locked to its channel.",
        example: "town-square",
      },
    }),
    ...CARD_FIELDS,
  },
  setup: [
    "In Mattermost, open the product menu and select Integrations, then Incoming Webhooks. If it is missing, a system administrator must enable it.",
    "Select Add Incoming Webhook, enter a title, select the channel, and select Save.",
    "Copy the URL that is shown and enter it here.",
  ],
  check: cardProblem,
  target: ({ url }) => maskedUrl(url, new URL(url).pathname.split("/").filter(Boolean).length - 1),
  request: (config, [message]) => hookRequest(config, message!, escapeMattermost),
  judge: (response, messages, now) => messages.map(() => judge(response, now)),
});

/**
 * By the IDs of errors in Mattermost's server. Newer servers send `web.incoming_webhook.general.app_error` for most of them, so that only the
 * status tells what happened.
 */
function judge(response: KindResponse, now: number): ItemResult {
  if (response.status === 200) {
    const said = quoted(response);
    if (said === "ok") return { kind: "ok", reference: null };
    return failed("retry", "protocol_error", `The server did not respond as Mattermost does. ${FIX}`);
  }
  // The same IDs occur with 500 while the database of the server is unavailable.
  if (response.status === 500) return judgeStatus(response, now, NAMES);
  const id = stringIn(jsonBody(response), "id");
  if (/webhook\.(?:invalid|disabled|user)\b|store\.sql_webhooks\.get_incoming/.test(id)) {
    return failed(
      "closed",
      "target_not_found",
      `Mattermost does not know the webhook, or has disabled it (${id}). ${FIX}`,
    );
  }
  if (/webhook\.(?:channel|channel_locked|team)\b|channel\.(?:get|not_found)|store\.sql_channel\.get/.test(id)) {
    return failed(
      "closed",
      "target_not_found",
      `The webhook cannot post to the channel (${id}). Check the name of the channel, and that the webhook is not locked to another.`,
    );
  }
  if (/permissions|read_only/.test(id)) {
    return failed(
      "closed",
      "credentials_refused",
      `The webhook may not post to the channel (${id}). Ask an administrator, or select another channel.`,
    );
  }
  return judgeStatus(response, now, NAMES);
}
