/** A card as a flat JSON object, for automation services that map names to values. */
import type { KindMessage } from "../kind.ts";
import { buildWithin, type Card, footerOf, shownFields } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";

const MAX_CHARACTERS = 30_000;

export interface FlatCard {
  readonly id: string;
  readonly event_type: string;
  readonly time: string;
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly severity: string;
  readonly footer: string;
  readonly test: boolean;
  readonly fields: Readonly<Record<string, string>>;
}

export function flatCard(card: Card, { id, eventType, isTest }: KindMessage): FlatCard {
  return buildWithin(
    MAX_CHARACTERS,
    (flat) => JSON.stringify(flat).length,
    (extent) => {
      const { fields, leftOut } = shownFields(card, extent);
      return {
        id,
        event_type: eventType,
        time: new Date(card.timestamp).toISOString(),
        title: shortened(card.title, { limit: 300 }),
        text: shortened(card.text, { limit: extent.text }),
        link: card.link ?? "",
        severity: card.severity,
        footer: shortened(footerOf(card, leftOut), { limit: 300 }),
        test: isTest,
        fields: Object.fromEntries(
          fields.map(({ name, value }) => [shortened(name, { limit: 100 }), shortened(value, { limit: extent.value })]),
        ),
      };
    },
  );
}

/** Text and fields of a card in lines. */
export function summaryOf(card: Card): Excerpt {
  const lines = card.fields.map(
    ({ name, value }) => `${shortened(name, { limit: 100 })}: ${shortened(value, { limit: 500 })}`,
  );
  const text = [card.text.text, ...lines].filter((line) => line !== "").join("\n");
  return { text, more: card.text.more };
}
