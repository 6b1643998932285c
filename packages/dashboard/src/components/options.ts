/** Options of a combobox that the server searches, and the interpretation of typed text. */
import type { QueryKey } from "@tanstack/react-query";

export interface Option {
  readonly value: string;
  readonly label: string;
  /** External ID, which may be typed instead of the value. */
  readonly uid?: string | null;
  /** Second line of the option. */
  readonly detail?: string | null;
}

export interface OptionSource {
  /** Identifies the source in the query cache. */
  readonly key: QueryKey;
  /** Options that match; for an empty query, the newest ones. */
  readonly find: (query: string, signal: AbortSignal) => Promise<readonly Option[]>;
  /** The option with this value or external ID; `null` if there is none. */
  readonly resolve: (value: string) => Promise<Option | null>;
  /** Whether text is a possible value even if no option matches, such as a pasted ID. */
  readonly accepts: (text: string) => boolean;
  /** Values need not exist, such as event types that are not registered. */
  readonly isOpen?: true;
}

/**
 * The value of typed text: that of an option with exactly this ID, external ID or name, or else the text itself if the source accepts it.
 * `null` if it has no value.
 */
export function valueOf(
  text: string,
  options: readonly Option[],
  source: Pick<OptionSource, "accepts">,
): string | null {
  const typed = text.trim();
  const exact = options.find(({ value, uid }) => value === typed || uid === typed);
  if (exact !== undefined) return exact.value;
  const named = options.filter(({ label }) => label.toLowerCase() === typed.toLowerCase());
  if (named.length === 1) return named[0]!.value;
  return source.accepts(typed) ? typed : null;
}

/** Texts between commas and line breaks, without duplicates. */
export function splitValues(text: string): readonly string[] {
  const parts = text.split(/[,\n]/).map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ""))];
}

/** Options that a list shows. */
export const MAX_SHOWN = 20;
/** Maximum number of pages that {@link matching} reads. */
const MAX_PAGES = 20;

/** Where the next page begins. */
export type Next = { readonly iterator?: string };

export interface OptionPage {
  readonly data: readonly Option[];
  readonly iterator?: string | null;
  readonly done: boolean;
}

/** The first options whose name, ID or second line contains all words of the query. */
export async function matching(query: string, read: (next: Next) => Promise<OptionPage>): Promise<readonly Option[]> {
  const words = query.toLowerCase().split(/\s+/);
  const found: Option[] = [];
  let next: Next = {};
  for (let page = 0; page < MAX_PAGES && found.length < MAX_SHOWN; page++) {
    const { data, iterator, done } = await read(next);
    found.push(...data.filter((one) => words.every((word) => textOf(one).includes(word))));
    if (done || iterator === undefined || iterator === null) break;
    next = { iterator };
  }
  return found.slice(0, MAX_SHOWN);
}

function textOf({ value, label, uid, detail }: Option): string {
  return [value, label, uid, detail].join("\n").toLowerCase();
}
