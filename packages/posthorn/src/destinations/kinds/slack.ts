import { CARD_FIELDS, cardProblem } from "../chat/card-fields.ts";
import {
  classifyByStatus,
  documentedResult,
  jsonPost,
  maskedUrl,
  oneByOne,
  quoted,
  rateLimited,
} from "../chat/responses.ts";
import { renderCard } from "../chat/render.ts";
import { slackMessage } from "../chat/slack-card.ts";
import { type DocumentedErrors, httpKind, type ItemResult, type KindResponse } from "../kind.ts";

const FIX = "Create a new webhook URL in the Slack app and enter it here.";
const NAMES = { product: "Slack", fix: FIX } as const;

const INVALID = "Slack did not accept the format of the message. Please report this with the event.";
const TOO_LONG = "The message is longer than Slack accepts. Shorten the text with a template.";
const GONE = `The webhook was removed, or its app was uninstalled or disabled. ${FIX}`;

/** Slack sends the errors of incoming webhooks as plain text. */
const ERRORS: DocumentedErrors = {
  source: "docs.slack.dev and Slack's changelog, read on 27 November 2026",
  rows: [
    {
      said: [
        "invalid_payload",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "too_many_attachments",
        "no_text",
      ],
      kind: "refused",
      code: "message_invalid",
      fix: INVALID,
    },
    { said: ["msg_too_long", "msg_blocks_too_long"], kind: "refused", code: "message_too_large", fix: TOO_LONG },
    {
      said: ["user_not_found"],
      kind: "closed",
      code: "target_not_found",
      fix: `The user that the webhook posts to does not exist. ${FIX}`,
    },
    {
      said: ["channel_not_found"],
      kind: "closed",
      code: "target_not_found",
      fix: `The channel does not exist or the app has no access to it. ${FIX}`,
    },
    {
      said: ["channel_is_archived"],
      kind: "closed",
      code: "target_not_found",
      fix: "The channel is archived. Unarchive it, or create a webhook for another channel.",
    },
    {
      said: ["action_prohibited"],
      kind: "closed",
      code: "credentials_refused",
      fix: "An administrator of the workspace has restricted this webhook. Ask the administrator to allow it.",
    },
    {
      said: ["posting_to_general_channel_denied"],
      kind: "closed",
      code: "credentials_refused",
      fix: "The workspace does not let this webhook post to its general channel. Create a webhook for another channel.",
    },
    {
      said: ["restricted_action"],
      kind: "closed",
      code: "credentials_refused",
      fix: "The workspace does not let this webhook post to the channel. Ask an administrator to allow it.",
    },
    { said: ["no_service", "no_service_id"], kind: "closed", code: "target_not_found", fix: GONE },
    {
      said: ["no_team"],
      kind: "closed",
      code: "target_not_found",
      fix: `The Slack workspace no longer exists. ${FIX}`,
    },
    { said: ["team_disabled"], kind: "closed", code: "target_not_found", fix: "The Slack workspace is disabled." },
    {
      said: ["account_inactive", "invalid_token", "token_revoked"],
      kind: "closed",
      code: "credentials_refused",
      fix: GONE,
    },
    {
      said: ["rollup_error"],
      kind: "retry",
      code: "target_unavailable",
      fix: "Slack failed to post the message. We retry.",
    },
  ],
};

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
    return jsonPost(config.url, body);
  },
  errors: ERRORS,
  classify: oneByOne(classify),
});

function classify(response: KindResponse, now: number): ItemResult {
  const said = quoted(response);
  if (response.status === 200 && said === "ok") return { kind: "ok", reference: null };
  if (response.status === 429 || said === "ratelimited") {
    return rateLimited(response, now, "Slack accepts about one message per second and channel. We wait.");
  }
  return documentedResult(ERRORS, { product: NAMES.product, text: said }) ?? classifyByStatus(response, now, NAMES);
}
