import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { DISCORD_LIMITS, discordEmbed, type DiscordMessage } from "../chat/discord-card.ts";
import { shortened, lineOf } from "../chat/excerpt.ts";
import {
  classifyByStatus,
  documentedResult,
  jsonBody,
  jsonPost,
  maskedUrl,
  oneByOne,
  rateLimited,
} from "../chat/responses.ts";
import { excerpt, renderCard } from "../chat/render.ts";
import { templateProblem } from "../chat/template.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Create a new webhook in the settings of the channel and enter its URL here.";
const NAMES = { product: "Discord", fix: FIX } as const;
/** Longest pause after a success. Discord's windows are seconds. */
const MAX_PAUSE_MS = 60_000;

/** Discord names them by a code in the body. */
const ERRORS: DocumentedErrors = {
  source: "the JSON error codes of docs.discord.com, read on 27 November 2026",
  rows: [
    { said: ["10003"], kind: "closed", code: "target_not_found", fix: `The channel no longer exists. ${FIX}` },
    { said: ["10015"], kind: "closed", code: "target_not_found", fix: `The webhook was deleted. ${FIX}` },
    { said: ["40005"], kind: "refused", code: "message_too_large", fix: "The message is larger than Discord accepts." },
    { said: ["50006"], kind: "refused", code: "message_invalid", fix: "The message is empty." },
    {
      said: ["50013"],
      kind: "closed",
      code: "credentials_refused",
      fix: `The webhook may not post to the channel. ${FIX}`,
    },
    {
      said: ["50027"],
      kind: "closed",
      code: "credentials_refused",
      fix: `The token in the webhook URL is wrong. ${FIX}`,
    },
    {
      said: ["50035"],
      kind: "refused",
      code: "message_invalid",
      fix: "Discord did not accept the format of the message. Please report this with the event.",
    },
    {
      said: ["50083"],
      kind: "closed",
      code: "target_not_found",
      fix: "The thread is archived and locked. Enter another thread ID.",
    },
    {
      said: ["160005"],
      kind: "closed",
      code: "target_not_found",
      fix: "The thread is locked. Enter another thread ID.",
    },
    {
      said: ["220001"],
      kind: "closed",
      code: "message_invalid",
      fix: "The channel is a forum. Enter a thread ID, or a template for the title of forum posts.",
    },
    {
      said: ["220002"],
      kind: "closed",
      code: "message_invalid",
      fix: "A thread ID and a title of forum posts cannot be used together. Remove one of them.",
    },
    {
      said: ["220003"],
      kind: "closed",
      code: "message_invalid",
      fix: "The channel is not a forum. Remove the title of forum posts.",
    },
  ],
};

export const DISCORD = httpKind({
  family: "http",
  title: "Discord",
  summary: "Posts each event as a message to a Discord channel, thread or forum.",
  group: "chat",
  fields: {
    url: {
      type: "url",
      schemes: ["https:"],
      label: "Webhook URL",
      help: "The URL of the webhook, from the settings of the channel under Integrations.",
      required: true,
      secret: true,
      isTarget: true,
      example: "https://discord.com/api/webhooks/1234567890/abcdef",
    },
    username: {
      type: "text",
      maxLength: DISCORD_LIMITS.username,
      label: "Name",
      help: "Name shown as the author of messages, instead of the name of the webhook.",
      required: false,
      secret: false,
      example: "Billing",
    },
    threadId: {
      type: "text",
      maxLength: 20,
      pattern: "\\d{15,20}",
      label: "Thread ID",
      help: "ID of an existing thread or forum post to write to. With Developer Mode on, right-click it and select Copy Thread ID.",
      required: false,
      secret: false,
      example: "1234567890123456789",
    },
    threadName: {
      type: "text",
      maxLength: 1000,
      label: "Forum post",
      help: "For forum channels: template of the title of the post that is created for each event.",
      required: false,
      secret: false,
      example: "{{ eventType | humanise }}",
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "In Discord, open the settings of the channel (the gear icon) and select Integrations, then Webhooks.",
    "Select New Webhook, give it a name, and select Save Changes.",
    "Select Copy Webhook URL and enter the URL here.",
    "For a forum channel, also enter a thread ID or a template for the title of forum posts.",
  ],
  check: (config) => {
    if (!/\/webhooks\/\d+\/[\w-]+\/?$/.test(new URL(config.url).pathname)) {
      const problem =
        "This is not the URL of a Discord webhook, which ends in /webhooks/, a number and a token. Copy it again from Discord.";
      return { field: "url", problem };
    }
    if (config.username !== null && /clyde|discord/i.test(config.username)) {
      return { field: "username", problem: 'Discord does not allow names that contain "clyde" or "discord".' };
    }
    if (config.threadId !== null && config.threadName !== null) {
      return { field: "threadName", problem: "Enter either a thread ID or a title of forum posts, not both." };
    }
    const problem = config.threadName === null ? null : templateProblem(config.threadName);
    return problem === null ? cardProblem(config) : { field: "threadName", problem };
  },
  target: ({ url }) => maskedUrl(url, new URL(url).pathname.split("/").filter(Boolean).length - 1),
  request: (config, [message]) => {
    const { card, scope } = renderCard(message!, config);
    const url = new URL(config.url);
    // Without it, Discord reports success before the message is stored.
    url.searchParams.set("wait", "true");
    if (config.threadId !== null) url.searchParams.set("thread_id", config.threadId);
    const thread =
      config.threadName === null
        ? ""
        : shortened(lineOf(excerpt(config.threadName, scope).text), { limit: DISCORD_LIMITS.threadName });
    const body: DiscordMessage = {
      embeds: [discordEmbed(card)],
      allowed_mentions: { parse: [] },
      ...(config.username === null ? {} : { username: config.username }),
      ...(config.threadName === null
        ? {}
        : { thread_name: thread || shortened(card.title, { limit: DISCORD_LIMITS.threadName }) }),
    };
    return jsonPost(url.href, body);
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});
function classify(response: KindResponse, now: number): ItemResult {
  const body = jsonBody(response);
  if (response.status === 200 || response.status === 204) {
    const { id, channel_id: channel } = body ?? {};
    const pause = pauseOf(response);
    const reference = typeof id === "string" ? (typeof channel === "string" ? `${channel}/${id}` : id) : null;
    return { kind: "ok", reference, ...(pause === null ? {} : { afterMs: pause }) };
  }
  if (response.status === 429) {
    const seconds = body?.["retry_after"];
    const waitMs = typeof seconds === "number" && seconds > 0 ? Math.ceil(Math.min(seconds, 86_400) * 1000) : null;
    return rateLimited(
      response,
      now,
      "Discord limits how many messages it accepts (HTTP 429). We wait as long as Discord asks.",
      waitMs,
    );
  }
  const said = { product: NAMES.product, text: String(body?.["code"]) };
  return documentedResult(ERRORS, said) ?? classifyByStatus(response, now, NAMES);
}

/** How long Discord accepts nothing after this message, by its headers. Waiting avoids the 429 that the next message would get. */
function pauseOf({ headers }: KindResponse): number | null {
  if (headers["x-ratelimit-remaining"] !== "0") return null;
  const seconds = Number(headers["x-ratelimit-reset-after"]);
  return seconds > 0 ? Math.min(Math.ceil(seconds * 1000), MAX_PAUSE_MS) : null;
}
