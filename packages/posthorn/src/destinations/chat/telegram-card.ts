/** A card as a Telegram message in HTML. */
import { type Card, buildWithin, type Extent, footerOf, shownFields, SYMBOLS } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";
import { escapeHtml } from "./google-chat-card.ts";

/** Limits, recorded on 27 November 2026 (core.telegram.org/bots/api, `sendMessage`). */
export const TELEGRAM_LIMITS = {
  /** Telegram counts characters after it has parsed the HTML. Posthorn counts the HTML, which is longer. */
  text: 4096,
} as const;

export function telegramHtml(card: Card): string {
  return buildWithin(
    TELEGRAM_LIMITS.text,
    (html) => html.length,
    (extent) => build(card, extent),
  );
}

function build(card: Card, extent: Extent): string {
  const { fields, leftOut } = shownFields(card, extent);
  const title = text({ text: SYMBOLS[card.severity] + card.title.text, more: card.title.more }, 250);
  const heading = card.link === null ? `<b>${title}</b>` : `<b><a href="${escapeHtml(card.link)}">${title}</a></b>`;
  const lines = fields.map(({ name, value }) => `<b>${text(name, 100)}:</b> ${text(value, extent.value)}`);
  const footer = text(footerOf(card, leftOut), 300);
  const blocks = [
    heading,
    card.text.text === "" ? "" : text(card.text, extent.text),
    lines.join("\n"),
    footer === "" ? "" : `<i>${footer}</i>`,
  ];
  return blocks.filter((part) => part !== "").join("\n\n");
}

function text(excerpt: Excerpt, limit: number): string {
  return shortened(excerpt, { limit, escape: escapeTelegram });
}

/**
 * Telegram turns `@name`, `/command`, `#tag` and `$TAG` into links and mentions in any text, and this cannot be turned off. An invisible joiner
 * after the mark prevents that.
 */
export function escapeTelegram(part: string): string {
  return escapeHtml(part).replace(/[@/#$]/g, "$&\u2060");
}
