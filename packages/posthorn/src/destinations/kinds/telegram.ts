import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import {
  classifyByStatus,
  documentedResult,
  failed,
  jsonBody,
  jsonPost,
  oneByOne,
  rateLimited,
} from "../chat/responses.ts";
import { renderCard } from "../chat/render.ts";
import { telegramHtml } from "../chat/telegram-card.ts";
import { type ConfigOf, type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const NAMES = { product: "Telegram", fix: "Check the bot token and the chat ID." } as const;

const FIELDS = {
  botToken: {
    type: "text",
    maxLength: 100,
    pattern: "\\d{6,14}:[\\w-]{30,80}",
    label: "Bot token",
    help: "The token that BotFather gave you for the bot.",
    required: true,
    secret: true,
    example: "123456789:AAExampleExampleExampleExampleExampl",
  },
  chatId: {
    type: "text",
    maxLength: 64,
    pattern: "-?\\d{1,20}|@[A-Za-z]\\w{3,40}",
    label: "Chat ID",
    help: "The number of the chat, which is negative for groups and channels, or the @name of a public channel.",
    required: true,
    secret: false,
    isTarget: true,
    example: "-1001234567890",
  },
  topicId: {
    type: "integer",
    minimum: 1,
    maximum: 2_147_483_647,
    label: "Topic",
    help: "For groups with topics: the number of the topic, which is the last number in the link of one of its messages.",
    required: false,
    secret: false,
  },
  silent: {
    type: "boolean",
    default: false,
    label: "Silent",
    help: "Sends messages without a sound.",
    required: false,
    secret: false,
  },
  apiUrl: {
    type: "url",
    schemes: ["https:", "http:"],
    default: "https://api.telegram.org",
    label: "API server",
    help: "Change it only if you run your own Bot API server.",
    required: false,
    secret: false,
    isTarget: true,
  },
  ...CARD_FIELDS,
} as const;

/** Telegram describes its errors in sentences without codes. */
const ERRORS: DocumentedErrors = {
  source: "the Bot API and its responses, recorded on 27 November 2026",
  rows: [
    {
      said: ["Bad Request: chat not found"],
      pattern: /chat not found/i,
      kind: "closed",
      code: "target_not_found",
      fix: "Check the chat ID, and add the bot to the chat.",
    },
    {
      said: ["Bad Request: message thread not found", "Bad Request: TOPIC_CLOSED", "Bad Request: TOPIC_DELETED"],
      pattern: /message thread not found|topic_(?:closed|deleted|id_invalid)/i,
      kind: "closed",
      code: "target_not_found",
      fix: "Check the number of the topic, and that it is open.",
    },
    {
      said: [
        "Forbidden: bot was blocked by the user",
        "Forbidden: bot was kicked from the group chat",
        "Forbidden: user is deactivated",
        "Forbidden: bot is not a member of the channel chat",
        "Forbidden: bot can't initiate conversation with a user",
      ],
      pattern: /bot was (?:blocked|kicked)|user is deactivated|bot is not a member|can't initiate conversation/i,
      kind: "closed",
      code: "target_not_found",
      fix: "Add the bot to the chat again.",
    },
    {
      said: [
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: have no rights to send a message",
        "Bad Request: need administrator rights in the channel chat",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
      ],
      pattern: /not enough rights|have no rights|need administrator rights|chat_write_forbidden/i,
      kind: "closed",
      code: "credentials_refused",
      fix: "Make the bot an administrator, or allow members to send messages.",
    },
    {
      said: ["Bad Request: message is too long"],
      pattern: /message is too long/i,
      kind: "refused",
      code: "message_too_large",
      fix: "Shorten the text with a template.",
    },
    {
      said: ["Bad Request: can't parse entities", "Bad Request: message text is empty"],
      pattern: /can't parse entities|message text is empty/i,
      kind: "refused",
      code: "message_invalid",
      fix: "Please report this with the event.",
    },
  ],
};

export const TELEGRAM = httpKind({
  family: "http",
  title: "Telegram",
  summary: "Sends each event as a message of your bot to a Telegram chat, group or channel.",
  group: "chat",
  fields: FIELDS,
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In Telegram, open a chat with @BotFather, send /newbot, and follow its questions. Enter the token that it returns here.",
    "Add the bot to the group, or to the channel as an administrator. For a private chat, send the bot a message first.",
    "Send a message to the chat, then open https://api.telegram.org/bot<token>/getUpdates in a browser and copy the number at chat, id.",
    "Enter that number as the chat ID. For a public channel, enter its @name.",
  ],
  check: cardProblem,
  target: (config) => `${methodUrl(config, "****")}?chat_id=${encodeURIComponent(config.chatId)}`,
  request: (config, [message]) => {
    const { card } = renderCard(message!, config);
    const body = {
      chat_id: config.chatId,
      text: telegramHtml(card),
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
      disable_notification: config.silent,
      ...(config.topicId === null ? {} : { message_thread_id: config.topicId }),
    } as const;
    const url = methodUrl(config, config.botToken);
    return jsonPost(url, body);
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});

function methodUrl({ apiUrl }: ConfigOf<typeof FIELDS>, token: string): string {
  return `${apiUrl.replace(/\/+$/, "")}/bot${token}/sendMessage`;
}
function classify(response: KindResponse, now: number): ItemResult {
  const body = jsonBody(response);
  if (response.status === 200 && body?.["ok"] === true) return { kind: "ok", reference: referenceIn(body["result"]) };
  const description = typeof body?.["description"] === "string" ? body["description"].slice(0, 200) : "";
  const { retry_after: seconds, migrate_to_chat_id: newId } = parametersIn(body?.["parameters"]);
  if (response.status === 429) {
    const waitMs = seconds === null ? null : Math.min(seconds, 86_400) * 1000;
    return rateLimited(
      response,
      now,
      "Telegram limits how many messages a bot may send (HTTP 429). We wait as long as Telegram asks.",
      waitMs,
    );
  }
  if (newId !== null) {
    return failed(
      "closed",
      "target_not_found",
      `The group has become a supergroup and has a new ID. Enter ${newId} as the chat ID.`,
    );
  }
  if (response.status === 401 || (response.status === 404 && description === "Not Found")) {
    return failed(
      "closed",
      "credentials_refused",
      "Telegram did not recognise the bot token. Enter the token that BotFather shows for the bot.",
    );
  }
  return (
    documentedResult(ERRORS, { product: NAMES.product, text: description }) ?? classifyByStatus(response, now, NAMES)
  );
}

function referenceIn(result: unknown): string | null {
  if (typeof result !== "object" || result === null || !("message_id" in result)) return null;
  return String(result.message_id);
}

function parametersIn(value: unknown): {
  readonly retry_after: number | null;
  readonly migrate_to_chat_id: number | null;
} {
  const parameters = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  const numberAt = (name: string): number | null => {
    const found = parameters[name];
    return typeof found === "number" ? found : null;
  };
  return { retry_after: numberAt("retry_after"), migrate_to_chat_id: numberAt("migrate_to_chat_id") };
}
