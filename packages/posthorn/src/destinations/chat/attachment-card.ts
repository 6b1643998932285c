/** A card as a message attachment, the format of Mattermost and Rocket.Chat. The two differ in what they parse in texts. */
import { type Card, buildWithin, type Extent, footerOf, hexColour, shownFields } from "./card.ts";
import { shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (developers.mattermost.com and docs.rocket.chat, incoming webhooks). */
export const ATTACHMENT_LIMITS = {
  /** Mattermost accepts 16,383 characters in a post; longer attachments are cut or refused. Rocket.Chat's default is 5,000 for text. */
  messageCharacters: 12_000,
  text: 4000,
} as const;

export interface AttachmentMessage {
  readonly attachments: readonly [
    {
      readonly fallback: string;
      readonly color: string;
      readonly title: string;
      readonly title_link?: string;
      readonly text?: string;
      readonly fields: readonly { readonly title: string; readonly value: string; readonly short: boolean }[];
      readonly footer?: string;
      readonly ts?: string;
    },
  ];
}

type Escape = (text: string) => string;

export function attachmentMessage(card: Card, escape: Escape): AttachmentMessage {
  return buildWithin(ATTACHMENT_LIMITS.messageCharacters, sizeOf, (extent) => build(card, extent, escape));
}

const sizeOf = (message: AttachmentMessage): number => JSON.stringify(message).length;

const SHORT = 40;

function build(card: Card, extent: Extent, escape: Escape): AttachmentMessage {
  const { fields, leftOut } = shownFields(card, extent);
  const title = shortened(card.title, { limit: 300, escape });
  const footer = shortened(footerOf(card, leftOut), { limit: 300, escape });
  const attachment = {
    fallback: title,
    color: hexColour(card.severity),
    title,
    ...(card.link === null ? {} : { title_link: card.link }),
    ...(card.text.text === "" ? {} : { text: shortened(card.text, { limit: extent.text, escape }) }),
    fields: fields.map(({ name, value }) => ({
      title: shortened(name, { limit: 200, escape }),
      value: shortened(value, { limit: extent.value, escape }),
      short: value.text.length <= SHORT,
    })),
    ...(footer === "" ? {} : { footer }),
  };
  return { attachments: [attachment] };
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * Mattermost parses Markdown, and Slack's `<!channel>` and `<url|text>`. Mentions cannot be turned off, so an invisible joiner after the mark
 * prevents them.
 */
export function escapeMattermost(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+.!|~-]/g, "\\$&")
    .replace(/[&<>]/g, (character) => ENTITIES[character]!)
    .replace(/[@:]/g, "$&\u2060");
}

/** Rocket.Chat supports a backslash before a few characters only. An invisible joiner keeps the others from being parsed. */
export function escapeRocketChat(text: string): string {
  return text
    .replace(/[*_~`#]/g, "\\$&")
    .replace(/[\\@<>[\]()!:|]/g, (character) => (character === "\\" ? character : `${character}\u2060`));
}
