import { escapeMattermost } from "../chat/attachment-card.ts";
import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { hookFields, hookRequest, HOOK_RULES } from "../chat/incoming-hook.ts";
import {
  classifyByStatus,
  documentedResult,
  failed,
  jsonBody,
  maskedUrl,
  oneByOne,
  quoted,
  stringIn,
} from "../chat/responses.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Check the incoming webhook in Mattermost under Integrations, and enter its URL here.";
const NAMES = { product: "Mattermost", fix: FIX } as const;

/**
 * By the IDs of errors in Mattermost's server. Newer servers send `web.incoming_webhook.general.app_error` for most of them, so only the status
 * tells what happened.
 */
const ERRORS: DocumentedErrors = {
  source: "the source code of Mattermost, read on 27 November 2026",
  rows: [
    {
      said: [
        "web.incoming_webhook.invalid.app_error",
        "web.incoming_webhook.disabled.app_error",
        "web.incoming_webhook.user.app_error",
        "store.sql_webhooks.get_incoming.app_error",
      ],
      pattern: /webhook\.(?:invalid|disabled|user)\b|store\.sql_webhooks\.get_incoming/,
      kind: "closed",
      code: "target_not_found",
      fix: `The webhook does not exist, or is disabled. ${FIX}`,
    },
    {
      said: [
        "web.incoming_webhook.channel.app_error",
        "web.incoming_webhook.channel_locked.app_error",
        "web.incoming_webhook.team.app_error",
        "app.channel.get.existing.app_error",
        "store.sql_channel.get_by_name.missing.app_error",
      ],
      pattern: /webhook\.(?:channel|channel_locked|team)\b|channel\.(?:get|not_found)|store\.sql_channel\.get/,
      kind: "closed",
      code: "target_not_found",
      fix: "The webhook cannot post to the channel. Check the name of the channel, and that the webhook is not locked to another.",
    },
    {
      said: ["web.incoming_webhook.permissions.app_error", "api.post.create_post.town_square_read_only"],
      pattern: /permissions|read_only/,
      kind: "closed",
      code: "credentials_refused",
      fix: "The webhook may not post to the channel. Ask an administrator, or select another channel.",
    },
  ],
};

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
  errors: ERRORS,
  classify: oneByOne(classify),
});
function classify(response: KindResponse, now: number): ItemResult {
  if (response.status === 200) {
    const said = quoted(response);
    if (said === "ok") return { kind: "ok", reference: null };
    return failed("retry", "protocol_error", `The server did not respond as Mattermost does. ${FIX}`);
  }
  // The same IDs occur with 500 while the database of the server is unavailable.
  if (response.status === 500) return classifyByStatus(response, now, NAMES);
  const said = { product: NAMES.product, text: stringIn(jsonBody(response), "id") };
  return documentedResult(ERRORS, said) ?? classifyByStatus(response, now, NAMES);
}
