/** A card as a Discord message with one embed. Mentions are off for the whole message, and Markdown is escaped. */
import { type Card, buildWithin, COLOURS, type Extent, footerOf, shownFields, SYMBOLS } from "./card.ts";
import { shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (docs.discord.com, embed limits). */
export const DISCORD_LIMITS = {
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  username: 80,
  threadName: 100,
  /** Over all texts of all embeds. */
  embedCharacters: 6000,
} as const;

export interface DiscordEmbed {
  readonly title: string;
  readonly description?: string;
  readonly url?: string;
  readonly timestamp: string;
  readonly color: number;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer?: { readonly text: string };
}

export interface DiscordMessage {
  readonly embeds: readonly [DiscordEmbed];
  readonly allowed_mentions: { readonly parse: readonly [] };
  readonly username?: string;
  readonly thread_name?: string;
}

export function discordEmbed(card: Card): DiscordEmbed {
  return buildWithin(DISCORD_LIMITS.embedCharacters, embedCharacters, (extent) => build(card, extent));
}

export function embedCharacters({ title, description = "", fields, footer }: DiscordEmbed): number {
  const ofFields = fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  return title.length + description.length + ofFields + (footer?.text.length ?? 0);
}

/** Values up to this length are shown side by side. */
const INLINE = 40;

function build(card: Card, extent: Extent): DiscordEmbed {
  const { fields, leftOut } = shownFields(card, extent);
  const footer = shortened(footerOf(card, leftOut), { limit: 300 });
  const title = { text: SYMBOLS[card.severity] + card.title.text, more: card.title.more };
  return {
    title: shortened(title, { limit: DISCORD_LIMITS.title, escape: escapeDiscord }),
    ...(card.text.text === ""
      ? {}
      : { description: shortened(card.text, { limit: extent.text, escape: escapeDiscord }) }),
    ...(card.link === null ? {} : { url: card.link }),
    timestamp: new Date(card.timestamp).toISOString(),
    color: COLOURS[card.severity],
    fields: fields.map(({ name, value }) => ({
      name: shortened(name, { limit: DISCORD_LIMITS.fieldName, escape: escapeDiscord }) || "–",
      value:
        shortened(value, { limit: Math.min(extent.value, DISCORD_LIMITS.fieldValue), escape: escapeDiscord }) || "–",
      inline: value.text.length <= INLINE,
    })),
    ...(footer === "" ? {} : { footer: { text: footer } }),
  };
}

/** Discord shows an escaped punctuation mark as it is. A colon and a slash are escaped too, so that texts contain no links. */
export function escapeDiscord(text: string): string {
  return text.replace(/[\\*_~`|<>#@:/[\]()+-]/g, "\\$&");
}
