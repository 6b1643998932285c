/** A card as a Slack message with Block Kit. Texts are `plain_text`, in which Slack parses neither mentions nor links nor formatting. */
import { type Card, buildWithin, type Extent, footerOf, shownFields, SYMBOLS } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (docs.slack.dev, reference of Block Kit). */
export const SLACK_LIMITS = {
  blocks: 50,
  header: 150,
  sectionText: 3000,
  sectionFields: 10,
  sectionFieldText: 2000,
  contextElements: 10,
  /** Slack refuses blocks from about 13,200 characters on with `msg_blocks_too_long` (slackapi/bolt-js#2509). */
  messageCharacters: 12_000,
} as const;

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}

interface MarkdownText {
  readonly type: "mrkdwn";
  readonly text: string;
  readonly verbatim: true;
}

type TextObject = PlainText | MarkdownText;

export type SlackBlock =
  | { readonly type: "header"; readonly text: PlainText }
  | { readonly type: "section"; readonly text: TextObject }
  | { readonly type: "section"; readonly fields: readonly TextObject[] }
  | { readonly type: "context"; readonly elements: readonly TextObject[] };

export interface SlackMessage {
  /** For notifications and screen readers. */
  readonly text: string;
  readonly mrkdwn: false;
  readonly blocks: readonly SlackBlock[];
  readonly link_names: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

export function slackMessage(card: Card): SlackMessage {
  return buildWithin(SLACK_LIMITS.messageCharacters, sizeOf, (extent) => build(card, extent));
}

const sizeOf = (message: SlackMessage): number => JSON.stringify(message).length;

function build(card: Card, extent: Extent): SlackMessage {
  const title = titled(card);
  const { fields, leftOut } = shownFields(card, extent);
  const footer = footerOf(card, leftOut);
  const blocks: SlackBlock[] = [{ type: "header", text: plain(title, SLACK_LIMITS.header) }];
  if (card.text.text !== "")
    blocks.push({ type: "section", text: plain(card.text, Math.min(extent.text, SLACK_LIMITS.sectionText)) });
  // Two columns: names left, values right.
  const cells = fields.flatMap(({ name, value }) => [
    { type: "mrkdwn", text: `*${shortened(name, { limit: 200, escape: escapeBold })}*`, verbatim: true } as const,
    plain(value.text === "" ? { text: "–", more: 0 } : value, extent.value),
  ]);
  for (let at = 0; at < cells.length; at += SLACK_LIMITS.sectionFields) {
    blocks.push({ type: "section", fields: cells.slice(at, at + SLACK_LIMITS.sectionFields) });
  }
  if (card.link !== null) {
    const text = `<${escapeSlack(card.link)}|View details>`;
    blocks.push({ type: "section", text: { type: "mrkdwn", text, verbatim: true } });
  }
  if (footer.text !== "") blocks.push({ type: "context", elements: [plain(footer, 300)] });
  return {
    text: shortened(title, { limit: 300, escape: escapeSlack }),
    mrkdwn: false,
    blocks,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

export function titled({ title, severity }: Card): Excerpt {
  return { text: SYMBOLS[severity] + title.text, more: title.more };
}

function plain(text: Excerpt, limit: number): PlainText {
  return { type: "plain_text", text: shortened(text, { limit, escape: escapeSlack }), emoji: false };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

export function escapeSlack(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character]!);
}

/** Names are bold, so the characters that end or begin formatting are removed. */
function escapeBold(text: string): string {
  return escapeSlack(text).replace(/[*_~`]/g, "");
}
