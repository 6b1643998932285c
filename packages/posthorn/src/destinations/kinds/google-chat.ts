import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { shortened, lineOf } from "../chat/excerpt.ts";
import { type GoogleChatMessage, googleChatMessage } from "../chat/google-chat-card.ts";
import {
  classifyByStatus,
  documentedResult,
  jsonBody,
  jsonPost,
  oneByOne,
  rateLimited,
  stringIn,
} from "../chat/responses.ts";
import { excerpt, renderCard } from "../chat/render.ts";
import { templateProblem } from "../chat/template.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Create a new webhook in the space and enter its URL here.";
const NAMES = { product: "Google Chat", fix: FIX } as const;
const MAX_THREAD_KEY = 4000;

const ERRORS: DocumentedErrors = {
  source: "the error model of Google's APIs and responses of Google Chat, recorded on 27 November 2026",
  rows: [
    {
      said: ["UNAUTHENTICATED", "API_KEY_INVALID", "API key not valid. Please pass a valid API key."],
      pattern: /API_KEY_INVALID|API key not valid|UNAUTHENTICATED/,
      kind: "closed",
      code: "credentials_refused",
      fix: `The key or token in the webhook URL is wrong. ${FIX}`,
    },
    {
      said: ["PERMISSION_DENIED"],
      pattern: /PERMISSION_DENIED/,
      kind: "closed",
      code: "credentials_refused",
      fix: `The webhook may not post to the space. ${FIX}`,
    },
    {
      said: ["NOT_FOUND"],
      pattern: /NOT_FOUND/,
      kind: "closed",
      code: "target_not_found",
      fix: `The space or the webhook was deleted. ${FIX}`,
    },
    {
      said: ["INVALID_ARGUMENT"],
      pattern: /INVALID_ARGUMENT/,
      kind: "refused",
      code: "message_invalid",
      fix: "Google Chat did not accept the format of the message. Please report this with the event.",
    },
  ],
};

export const GOOGLE_CHAT = httpKind({
  family: "http",
  title: "Google Chat",
  summary: "Posts each event as a card to a Google Chat space.",
  group: "chat",
  fields: {
    url: {
      type: "url",
      schemes: ["https:"],
      label: "Webhook URL",
      help: "The URL of the webhook, from the apps and integrations of the space.",
      required: true,
      secret: true,
      isTarget: true,
      example: "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=…&token=…",
    },
    threadKey: {
      type: "text",
      maxLength: 1000,
      label: "Thread key",
      help: "Template of a key. Events with the same key are replies in one thread.",
      required: false,
      secret: false,
      example: "{{ body.order.id }}",
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "key",
  ordering: "none",
  setup: [
    "Open the space in Google Chat in a browser. Webhooks need a Google Workspace account, and an administrator can forbid them.",
    "Select the arrow next to the name of the space, then Apps & integrations, then Add webhooks.",
    "Enter a name and select Save.",
    "Select Copy link in the menu of the webhook and enter the URL here.",
  ],
  check: (config) => {
    const { pathname, searchParams } = new URL(config.url);
    if (!/^\/v1\/spaces\/[^/]+\/messages$/.test(pathname) || !searchParams.has("key") || !searchParams.has("token")) {
      const problem =
        "This is not the URL of a Google Chat webhook, which has the path /v1/spaces/…/messages, a key and a token. Copy it again from the space.";
      return { field: "url", problem };
    }
    const problem = config.threadKey === null ? null : templateProblem(config.threadKey);
    return problem === null ? cardProblem(config) : { field: "threadKey", problem };
  },
  target: ({ url }) => {
    const { origin, pathname } = new URL(url);
    return origin + pathname;
  },
  request: (config, [message]) => {
    const { card, scope } = renderCard(message!, config);
    const url = new URL(config.url);
    // A message with a known request ID is not posted again.
    url.searchParams.set("requestId", message!.id);
    const key =
      config.threadKey === null
        ? ""
        : shortened(lineOf(excerpt(config.threadKey, scope).text), { limit: MAX_THREAD_KEY });
    if (key !== "") url.searchParams.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    const body: GoogleChatMessage = {
      ...googleChatMessage(card),
      ...(key === "" ? {} : { thread: { threadKey: key } }),
    };
    return jsonPost(url.href, body);
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});
function classify(response: KindResponse, now: number): ItemResult {
  const body = jsonBody(response);
  if (response.status === 200) {
    const name = body?.["name"];
    return { kind: "ok", reference: typeof name === "string" ? name : null };
  }
  const error = body?.["error"];
  const text = JSON.stringify(error ?? "");
  if (/RESOURCE_EXHAUSTED/.test(text)) {
    return rateLimited(response, now, "Google Chat accepts about one message per second and space. We wait.");
  }
  const shown = stringIn(error, "message") || stringIn(error, "status");
  return documentedResult(ERRORS, { product: NAMES.product, text, shown }) ?? classifyByStatus(response, now, NAMES);
}
