/**
 * A card as an Adaptive Card for a workflow of Microsoft Teams. All texts of the event are text runs, in which Teams parses no Markdown; text
 * blocks and fact sets would.
 */
import { type Card, buildWithin, type Extent, footerOf, type Severity, shownFields, SYMBOLS } from "./card.ts";
import { type Excerpt, shortened } from "./excerpt.ts";

/** Limits, recorded on 27 November 2026 (learn.microsoft.com, connector reference of Teams). */
export const TEAMS_LIMITS = {
  /** Teams counts "about 28 KB"; the rest is for what the workflow adds. */
  messageBytes: 25_000,
} as const;

type RunColour = "default" | "good" | "warning" | "attention";

interface TextRun {
  readonly type: "TextRun";
  readonly text: string;
  readonly weight?: "bolder";
  readonly size?: "large" | "small";
  readonly color?: RunColour;
  readonly isSubtle?: true;
}

interface RichTextBlock {
  readonly type: "RichTextBlock";
  readonly inlines: readonly TextRun[];
  readonly spacing?: "small" | "medium";
  readonly separator?: true;
}

export interface AdaptiveCard {
  readonly $schema: "http://adaptivecards.io/schemas/adaptive-card.json";
  readonly type: "AdaptiveCard";
  readonly version: "1.2";
  readonly fallbackText: string;
  readonly body: readonly RichTextBlock[];
  readonly actions?: readonly { readonly type: "Action.OpenUrl"; readonly title: string; readonly url: string }[];
  readonly msteams: { readonly width: "full" };
}

export interface TeamsMessage {
  readonly type: "message";
  readonly attachments: readonly [
    {
      readonly contentType: "application/vnd.microsoft.card.adaptive";
      readonly contentUrl: null;
      readonly content: AdaptiveCard;
    },
  ];
}

const RUN_COLOURS: Readonly<Record<Severity, RunColour>> = {
  info: "default",
  success: "good",
  warning: "warning",
  error: "attention",
  critical: "attention",
};

export function teamsMessage(card: Card): TeamsMessage {
  return buildWithin(TEAMS_LIMITS.messageBytes, sizeOf, (extent) => build(card, extent));
}

const sizeOf = (message: TeamsMessage): number => Buffer.byteLength(JSON.stringify(message));

function build(card: Card, extent: Extent): TeamsMessage {
  const { fields, leftOut } = shownFields(card, extent);
  const title = text({ text: SYMBOLS[card.severity] + card.title.text, more: card.title.more }, 300);
  const footer = footerOf(card, leftOut);
  const body: RichTextBlock[] = [
    block({ text: title, weight: "bolder", size: "large", color: RUN_COLOURS[card.severity] }),
  ];
  if (card.text.text !== "") body.push(block({ text: text(card.text, extent.text) }));
  for (const { name, value } of fields) {
    const label = { type: "TextRun", text: `${text(name, 100)}: `, weight: "bolder" } as const;
    body.push({
      type: "RichTextBlock",
      spacing: "small",
      inlines: [label, { type: "TextRun", text: text(value, extent.value) }],
    });
  }
  if (footer.text !== "") {
    const run = { type: "TextRun", text: text(footer, 300), size: "small", isSubtle: true } as const;
    body.push({ type: "RichTextBlock", spacing: "medium", separator: true, inlines: [run] });
  }
  const content: AdaptiveCard = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.2",
    fallbackText: title,
    body,
    ...(card.link === null ? {} : { actions: [{ type: "Action.OpenUrl", title: "View details", url: card.link }] }),
    msteams: { width: "full" },
  };
  return {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
  };
}

function block(run: Omit<TextRun, "type">): RichTextBlock {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", ...run }] };
}

/** `{{DATE(…)}}` and `{{TIME(…)}}` are functions of Adaptive Cards: a joiner between the braces makes them text. */
function text({ text: whole, more }: Excerpt, limit: number): string {
  return shortened({ text: whole.replaceAll("{{", "{\u2060{"), more }, { limit });
}
