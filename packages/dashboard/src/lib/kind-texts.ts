/** Texts that kinds of destinations and sources declare, in the language of the page. */
import type { DestinationKind } from "./destination-config.ts";

/** Translations of declarations: see `i18n/de/kinds.ts`. */
export interface KindTexts {
  /** Titles that are the same in every language. */
  readonly products: readonly string[];
  /** By the English text. */
  readonly texts: Readonly<Record<string, string>>;
  /** Translations that differ in one field, by `kind.field.label` or `kind.field.help`. */
  readonly places: Readonly<Record<string, string>>;
}

/** A text, and whether it is still English on a page in another language. */
export interface KindText {
  readonly text: string;
  readonly isEnglish: boolean;
}

type Field = DestinationKind["fields"][number];

export interface LocalField extends Omit<Field, "label" | "help"> {
  readonly label: string;
  readonly help: KindText;
}

/** What kinds of destinations and sources have in common. */
export type DeclaredKind = Pick<
  DestinationKind,
  "kind" | "title" | "summary" | "group" | "fields" | "setup" | "available" | "problem"
>;

interface LocalTexts {
  readonly summary: KindText;
  readonly setup: readonly KindText[];
  readonly fields: readonly LocalField[];
  /** Text to search in, in lower case: name, titles and summaries in both languages. */
  readonly searched: string;
}

/** A kind with its texts in the language of the page. */
export type Localised<Kind extends DeclaredKind> = Omit<Kind, "summary" | "setup" | "fields"> & LocalTexts;
export type FormKind = Localised<DeclaredKind>;
export type LocalKind = Localised<DestinationKind>;

/** @param texts `null`: the page is in English. */
export function localKind<Kind extends DeclaredKind>(declared: Kind, texts: KindTexts | null): Localised<Kind> {
  const { kind, title, summary, setup, fields } = declared;
  const at = (text: string, place?: string): KindText => textOf(text, texts, place && `${kind}.${place}`);
  const local = { title: at(title).text, summary: at(summary) };
  return {
    ...declared,
    ...local,
    searched: `${kind} ${title} ${local.title} ${summary} ${local.summary.text}`.toLowerCase(),
    setup: setup.map((step) => at(step)),
    fields: fields.map((field) => ({
      ...field,
      label: at(field.label, `${field.name}.label`).text,
      help: at(field.help, `${field.name}.help`),
    })),
  };
}

function textOf(text: string, texts: KindTexts | null, place: string | undefined): KindText {
  if (texts === null) return { text, isEnglish: false };
  const translated = (place === undefined ? undefined : own(texts.places, place)) ?? own(texts.texts, text);
  return translated === undefined ? { text, isEnglish: true } : { text: translated, isEnglish: false };
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export interface TextPart {
  readonly kind: "text" | "code" | "english";
  readonly text: string;
}

/** Splits a text into plain parts, code in backticks, and English names in stars. */
export function textParts(text: string): readonly TextPart[] {
  return text.split(/(`[^`]+`|\*[^*\s](?:[^*]*[^*\s])?\*)/).flatMap((part): readonly TextPart[] => {
    if (part === "") return [];
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`"))
      return [{ kind: "code", text: part.slice(1, -1) }];
    if (part.length > 2 && part.startsWith("*") && part.endsWith("*"))
      return [{ kind: "english", text: part.slice(1, -1) }];
    return [{ kind: "text", text: part }];
  });
}
