/** Shows what a destination would receive for an event, without sending anything. */
import { checkConfig, type ConfigProblem } from "../../fields/config.ts";
import { hexColour } from "../../destinations/chat/card.ts";
import { shortened } from "../../destinations/chat/excerpt.ts";
import { type CardTemplates, renderCard } from "../../destinations/chat/render.ts";
import type { AnyKind, KindConfig, KindMessage } from "../../destinations/kind.ts";
import { kindNamed } from "../../destinations/kinds.ts";

export interface PreviewInput {
  readonly kind: string;
  /** Fields that are missing are filled with the examples of the declaration. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly eventType: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface PreviewedCard {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly fieldsLeftOut: number;
  readonly link: string | null;
  readonly severity: string;
  readonly colour: string;
  readonly footer: string;
}

export type Preview =
  | { readonly kind: "unknown_kind" }
  | { readonly kind: "invalid"; readonly problems: readonly ConfigProblem[] }
  | {
      readonly kind: "preview";
      /** `null`: the destination receives the event and no card. */
      readonly card: PreviewedCard | null;
      /** Body of the request; `null`: the kind sends no requests, or the event would be refused. */
      readonly body: string | null;
      /** Why the event would be refused; `null` if it would not be. */
      readonly refusal: string | null;
    };

/** @param now Unix milliseconds. */
export function previewDestination(input: PreviewInput, now: number): Preview {
  const kind = kindNamed(input.kind);
  if (kind === null) return { kind: "unknown_kind" };
  const checked = checkConfig(kind, { ...examplesOf(kind), ...definedIn(input.config) }, null);
  if (checked.kind === "invalid") return { kind: "invalid", problems: checked.problems };
  const message = messageOf(input, now);
  const sent = kind.family === "http" ? kind.request(checked.config, [message], now) : null;
  const isRefused = sent !== null && "kind" in sent;
  return {
    kind: "preview",
    card: hasCard(kind) ? cardOf(message, checked.config) : null,
    body: sent === null || isRefused ? null : new TextDecoder().decode(sent.body.subarray(0, MAX_BODY)),
    refusal: isRefused ? sent.sentence : null,
  };
}

/** Longest body that is shown. */
const MAX_BODY = 65_536;

/** Values for required fields, so that a form can be previewed before it is complete. */
function examplesOf({ fields }: AnyKind): Record<string, unknown> {
  const required = Object.entries(fields).filter(([, field]) => field.required && field.default === undefined);
  return Object.fromEntries(required.map(([name, { example }]) => [name, example]));
}

function definedIn(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== ""));
}

function messageOf({ eventType, contentType, body }: PreviewInput, now: number): KindMessage {
  const rest = { eventId: null, orderingKey: null, channels: [], attributes: [], isTest: false } as const;
  return { id: "msg_preview", eventType, createdAt: now, contentType, body, ...rest };
}

/** Kinds that send cards declare all templates of cards. */
function hasCard({ fields }: AnyKind): boolean {
  return ["title", "text", "fields", "link", "severity"].every((name) => Object.hasOwn(fields, name));
}

function cardOf(message: KindMessage, config: KindConfig): PreviewedCard {
  const { card } = renderCard(message, config as unknown as CardTemplates);
  return {
    title: shortened(card.title, { limit: 300 }),
    text: shortened(card.text, { limit: 3000 }),
    fields: card.fields.map(({ name, value }) => ({
      name: shortened(name, { limit: 200 }),
      value: shortened(value, { limit: 1000 }),
    })),
    fieldsLeftOut: card.fieldsLeftOut,
    link: card.link,
    severity: card.severity,
    colour: hexColour(card.severity),
    footer: shortened(card.footer, { limit: 300 }),
  };
}
