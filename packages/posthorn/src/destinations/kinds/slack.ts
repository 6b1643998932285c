import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import { failed, JSON_HEADERS, jsonBytes, judgeStatus, maskedUrl, quoted, rateLimited } from "../chat/judge.ts";
import { renderCard } from "../chat/render.ts";
import { slackMessage } from "../chat/slack-card.ts";
import { httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Create a new webhook URL in the Slack app and enter it here.";
const NAMES = { product: "Slack", fix: FIX } as const;

export const SLACK = httpKind({
  family: "http",
  title: "Slack",
  summary: "Posts each event as a message to a Slack channel.",
  group: "chat",
  fields: {
    url: {
      type: "url",
      schemes: ["https:"],
      label: "Webhook URL",
      help: "The URL of an incoming webhook, from the page Incoming Webhooks of your Slack app.",
      required: true,
      secret: true,
      isTarget: true,
      example: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    },
    threadTs: {
      type: "text",
      maxLength: 30,
      pattern: "\\d{10}\\.\\d{6}",
      label: "Thread",
      help: "Timestamp of a message. Events are posted as replies to it. Copy the link of the message: the digits after the p, with a dot before the last six.",
      required: false,
      secret: false,
      example: "1764268800.123456",
    },
    ...CARD_FIELDS,
  },
  limits: { bodyBytes: 67_108_864, batch: null },
  idempotency: "none",
  ordering: "none",
  setup: [
    "Open https://api.slack.com/apps and select Create New App, then From scratch. Enter a name and select your workspace.",
    "Select Incoming Webhooks in the menu and switch on Activate Incoming Webhooks.",
    "Select Add New Webhook to Workspace, select the channel, and select Allow.",
    "Copy the webhook URL from the table and enter it here.",
  ],
  check: (config) => {
    const { hostname, pathname } = new URL(config.url);
    if (/^hooks\.slack(?:-gov)?\.com$/.test(hostname) && /^\/(?:triggers|workflows)\//.test(pathname)) {
      const problem =
        "This is the URL of a Slack workflow, which accepts variables instead of messages. Create an incoming webhook and enter its URL, which contains /services/.";
      return { field: "url", problem };
    }
    return cardProblem(config);
  },
  target: ({ url }) => maskedUrl(url, 3),
  request: (config, [message]) => {
    const { card } = renderCard(message!, config);
    const { threadTs } = config;
    const body = { ...slackMessage(card), ...(threadTs === null ? {} : { thread_ts: threadTs }) };
    return {
      method: "POST",
      url: config.url,
      headers: JSON_HEADERS,
      secretHeaders: [],
      body: jsonBytes(body),
      auth: null,
    };
  },
  judge: (response, messages, now) => messages.map(() => judge(response, now)),
});

type Rule = readonly [kind: "retry" | "refused" | "closed", code: Parameters<typeof failed>[1], sentence: string];

const INVALID = "Slack did not accept the form of the message. Please report this with the event.";
const GONE = `The webhook was removed, or its app was uninstalled or disabled. ${FIX}`;

/** Errors of incoming webhooks, which Slack sends as plain text. See docs.slack.dev and its changelog; recorded on 27 November 2026. */
const ERRORS: Readonly<Record<string, Rule>> = {
  invalid_payload: ["refused", "message_invalid", INVALID],
  invalid_blocks: ["refused", "message_invalid", INVALID],
  invalid_blocks_format: ["refused", "message_invalid", INVALID],
  invalid_attachments: ["refused", "message_invalid", INVALID],
  too_many_attachments: ["refused", "message_invalid", INVALID],
  no_text: ["refused", "message_invalid", INVALID],
  msg_too_long: [
    "refused",
    "message_too_large",
    "The message is longer than Slack accepts. Shorten the text with a template.",
  ],
  msg_blocks_too_long: [
    "refused",
    "message_too_large",
    "The message is longer than Slack accepts. Shorten the text with a template.",
  ],
  user_not_found: ["closed", "target_not_found", `The user that the webhook posts to does not exist. ${FIX}`],
  channel_not_found: [
    "closed",
    "target_not_found",
    `The channel does not exist or the app has no access to it. ${FIX}`,
  ],
  channel_is_archived: [
    "closed",
    "target_not_found",
    "The channel is archived. Unarchive it, or create a webhook for another channel.",
  ],
  action_prohibited: [
    "closed",
    "credentials_refused",
    "An administrator of the workspace has restricted this webhook. Ask the administrator to allow it.",
  ],
  posting_to_general_channel_denied: [
    "closed",
    "credentials_refused",
    "The workspace does not let this webhook post to its general channel. Create a webhook for another channel.",
  ],
  restricted_action: [
    "closed",
    "credentials_refused",
    "The workspace does not let this webhook post to the channel. Ask an administrator to allow it.",
  ],
  no_service: ["closed", "target_not_found", GONE],
  no_service_id: ["closed", "target_not_found", GONE],
  no_team: ["closed", "target_not_found", `The Slack workspace no longer exists. ${FIX}`],
  team_disabled: ["closed", "target_not_found", "The Slack workspace is disabled."],
  account_inactive: ["closed", "credentials_refused", GONE],
  invalid_token: ["closed", "credentials_refused", GONE],
  token_revoked: ["closed", "credentials_refused", GONE],
  rollup_error: ["retry", "target_unavailable", "Slack failed to post the message. Posthorn retries."],
  ratelimited: ["retry", "rate_limited", "Slack limits how many messages it accepts."],
};

function judge(response: KindResponse, now: number): ItemResult {
  const said = quoted(response);
  if (response.status === 200 && said === "ok") return { kind: "ok", reference: null };
  if (response.status === 429 || said === "ratelimited") {
    return rateLimited(response, now, "Slack accepts about one message per second and channel. Posthorn waits.");
  }
  const rule = Object.hasOwn(ERRORS, said) ? ERRORS[said]! : null;
  if (rule === null) return judgeStatus(response, now, NAMES);
  const [kind, code, sentence] = rule;
  return failed(kind, code, `Slack responded with "${said}". ${sentence}`);
}
