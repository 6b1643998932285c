import { escapeRocketChat } from "../chat/attachment-card.ts";
import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { hookFields, hookRequest, HOOK_RULES } from "../chat/incoming-hook.ts";
import {
  classifyByStatus,
  documentedResult,
  failed,
  jsonBody,
  maskedUrl,
  oneByOne,
  stringIn,
} from "../chat/responses.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Check the incoming integration in Rocket.Chat, and enter its webhook URL here.";
const NAMES = { product: "Rocket.Chat", fix: FIX } as const;

const ERRORS: DocumentedErrors = {
  source: "the source code of Rocket.Chat (`integrations/server/api/api.ts`), read on 27 November 2026",
  rows: [
    {
      said: ["invalid-channel", "error-invalid-room", "not_in_channel"],
      pattern: /invalid-channel|error-invalid-room|not_in_channel/,
      kind: "closed",
      code: "target_not_found",
      fix: "Check the name of the channel, and that the user of the integration is a member.",
    },
    {
      said: ["overriding destination channel is disabled for this integration"],
      pattern: /overriding destination channel is disabled/i,
      kind: "closed",
      code: "target_not_found",
      fix: "Leave the channel empty, or allow the integration to override it.",
    },
    {
      said: ["Invalid integration id or token provided."],
      pattern: /invalid integration|integration.*(?:disabled|not found)/i,
      kind: "closed",
      code: "target_not_found",
      fix: FIX,
    },
    {
      said: ["error-not-allowed", "unauthorized", "room_is_read_only"],
      pattern: /error-not-allowed|unauthorized|read.?only/i,
      kind: "closed",
      code: "credentials_refused",
      fix: "Allow the user of the integration to post to the channel.",
    },
  ],
};

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
  errors: ERRORS,
  classify: oneByOne(classify),
});
function classify(response: KindResponse, now: number): ItemResult {
  const body = jsonBody(response);
  if (response.status === 200 && body?.["success"] === true) return { kind: "ok", reference: null };
  const text = stringIn(body, "error") || stringIn(body, "message");
  const documented = documentedResult(ERRORS, { product: NAMES.product, text });
  if (documented !== null) return documented;
  if (response.status === 200)
    return failed("retry", "protocol_error", `The server did not respond as Rocket.Chat does. ${FIX}`);
  return classifyByStatus(response, now, NAMES);
}
