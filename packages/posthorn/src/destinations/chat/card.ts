/** A message for a chat, independent of the target. All texts are plain: targets escape them. */
import type { Excerpt } from "./excerpt.ts";

export const SEVERITIES = ["info", "success", "warning", "error", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface CardField {
  readonly name: Excerpt;
  readonly value: Excerpt;
}

export interface Card {
  /** One line, never empty. */
  readonly title: Excerpt;
  /** May have several lines; empty: none. */
  readonly text: Excerpt;
  readonly fields: readonly CardField[];
  /** Fields of the event that the card does not show. */
  readonly fieldsLeftOut: number;
  /** Absolute HTTP or HTTPS URL. */
  readonly link: string | null;
  readonly severity: Severity;
  /** One line; empty: none. */
  readonly footer: Excerpt;
  /** Time of the event, Unix milliseconds. */
  readonly timestamp: number;
}

/** Maximum number of fields of a card. */
export const MAX_FIELDS = 20;

/** Symbols before titles, where a target has no colours. */
export const SYMBOLS: Readonly<Record<Severity, string>> = {
  info: "",
  success: "✅ ",
  warning: "⚠️ ",
  error: "🔴 ",
  critical: "🚨 ",
};

/** Colours of cards, as RGB. */
export const COLOURS: Readonly<Record<Severity, number>> = {
  info: 0x3b82f6,
  success: 0x22c55e,
  warning: 0xf59e0b,
  error: 0xef4444,
  critical: 0xb91c1c,
};

export function hexColour(severity: Severity): string {
  return `#${COLOURS[severity].toString(16).padStart(6, "0")}`;
}

/** How much of a card is shown. Renderers try the first, then smaller ones until the message is within the limits of the target. */
export interface Extent {
  readonly text: number;
  readonly value: number;
  readonly fields: number;
}

const EXTENTS: readonly Extent[] = [
  { text: 3000, value: 1000, fields: 20 },
  { text: 2000, value: 500, fields: 20 },
  { text: 1500, value: 200, fields: 15 },
  { text: 1000, value: 100, fields: 10 },
  { text: 300, value: 80, fields: 5 },
  { text: 80, value: 80, fields: 0 },
];

/** Builds the largest message whose size is within the limit. */
export function buildWithin<T>(limit: number, sizeOf: (message: T) => number, build: (extent: Extent) => T): T {
  let message = build(EXTENTS[0]!);
  for (const extent of EXTENTS.slice(1)) {
    if (sizeOf(message) <= limit) return message;
    message = build(extent);
  }
  return message;
}

export interface ShownFields {
  readonly fields: readonly CardField[];
  readonly leftOut: number;
}

export function shownFields(card: Card, { fields }: Extent): ShownFields {
  const shown = card.fields.slice(0, fields);
  return { fields: shown, leftOut: card.fieldsLeftOut + card.fields.length - shown.length };
}

/** The footer, with the number of fields that are not shown. */
export function footerOf({ footer }: Card, leftOut: number): Excerpt {
  if (leftOut === 0) return footer;
  const note = `${leftOut} more ${leftOut === 1 ? "field" : "fields"}`;
  return { text: footer.text === "" ? note : `${note} · ${footer.text}`, more: footer.more };
}
