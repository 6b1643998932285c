/** A card as a Google Chat message. It has no text outside of the card, where Google Chat would parse mentions. */
import { type Card, buildWithin, type Extent, footerOf, hexColour, shownFields, SYMBOLS } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (developers.google.com, Chat API: method `spaces.messages.create`, cards). */
export const GOOGLE_CHAT_LIMITS = {
  /** The limit is 32,000 bytes with everything that Google adds. */
  messageBytes: 30_000,
  widgets: 100,
} as const;

type Widget =
  | { readonly textParagraph: { readonly text: string } }
  | { readonly decoratedText: { readonly topLabel: string; readonly text: string; readonly wrapText: true } }
  | {
      readonly buttonList: {
        readonly buttons: readonly {
          readonly text: string;
          readonly onClick: { readonly openLink: { readonly url: string } };
        }[];
      };
    };

export interface GoogleChatMessage {
  readonly fallbackText: string;
  readonly cardsV2: readonly [
    {
      readonly cardId: "event";
      readonly card: {
        readonly header: { readonly title: string; readonly subtitle?: string };
        readonly sections: readonly { readonly widgets: readonly Widget[] }[];
      };
    },
  ];
  readonly thread?: { readonly threadKey: string };
}

export function googleChatMessage(card: Card): GoogleChatMessage {
  return buildWithin(GOOGLE_CHAT_LIMITS.messageBytes, sizeOf, (extent) => build(card, extent));
}

const sizeOf = (message: GoogleChatMessage): number => Buffer.byteLength(JSON.stringify(message));

function build(card: Card, extent: Extent): GoogleChatMessage {
  const { fields, leftOut } = shownFields(card, extent);
  const title = plain({ text: SYMBOLS[card.severity] + card.title.text, more: card.title.more }, 200);
  const footer = plain(footerOf(card, leftOut), 300);
  const widgets: Widget[] = [];
  if (card.text.text !== "") widgets.push({ textParagraph: { text: formatted(card.text, extent.text) } });
  for (const { name, value } of fields) {
    const text = formatted(value, extent.value) || "–";
    widgets.push({ decoratedText: { topLabel: plain(name, 100) || "–", text, wrapText: true } });
  }
  if (card.link !== null) {
    widgets.push({ buttonList: { buttons: [{ text: "View details", onClick: { openLink: { url: card.link } } }] } });
  }
  // A section needs a widget.
  if (widgets.length === 0) {
    widgets.push({ textParagraph: { text: `<font color="${hexColour(card.severity)}">${card.severity}</font>` } });
  }
  const header = footer === "" ? { title } : { title, subtitle: footer };
  return { fallbackText: title, cardsV2: [{ cardId: "event", card: { header, sections: [{ widgets }] } }] };
}

/** Where Google Chat shows text as it is. Angle brackets are replaced, because the documentation does not rule out HTML. */
function plain(text: Excerpt, limit: number): string {
  return shortened(text, { limit, escape: (part) => part.replace(/</g, "‹").replace(/>/g, "›") });
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Where Google Chat parses a few HTML elements. */
function formatted(text: Excerpt, limit: number): string {
  return shortened(text, { limit, escape: escapeHtml });
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
