/**
 * Texts of cards: cleaned, bounded, and shortened to what a target accepts. A shortened text says so, and by how much.
 */

/** A text, or its beginning. */
export interface Excerpt {
  readonly text: string;
  /** Characters (code points) that follow `text` in the original; infinite: an unknown number. */
  readonly more: number;
}

export const EMPTY: Excerpt = { text: "", more: 0 };

/** Longest text that is kept, in UTF-16 units. No target accepts more in one place. */
export const MAX_UNITS = 8000;
/** Longest grapheme that is kept whole, in UTF-16 units: emoji with modifiers have about 30, hostile text may have thousands. */
const MAX_GRAPHEME = 64;
/** Below this limit, a shortened text ends with "…" alone. */
const MIN_LIMIT_WITH_COUNT = 80;

/** Control characters, and those that reverse the direction of the text around them. Line breaks and tabs stay. */
// oxlint-disable-next-line no-control-regex -- removes control characters
const UNPRINTABLE = /[\0-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** @param more Characters that the caller left out already. */
export function excerptOf(text: string, more = 0): Excerpt {
  const end = cutAt(text, MAX_UNITS);
  const kept = text.slice(0, end).toWellFormed().replace(/\r\n?/g, "\n").replace(UNPRINTABLE, "");
  return { text: kept.trim(), more: more + (end === text.length ? 0 : codePoints(text, end)) };
}

/** Like `excerptOf`, on one line. */
export function lineOf(text: string, more = 0): Excerpt {
  const excerpt = excerptOf(text, more);
  return { ...excerpt, text: excerpt.text.replace(/\s+/g, " ") };
}

export interface ShorteningOptions {
  /** Longest result, in UTF-16 units, which are never fewer than characters. */
  readonly limit: number;
  /** Escapes text for the target. The escaped form of two texts in a row must be the two escaped forms in a row. */
  readonly escape?: (text: string) => string;
}

/**
 * Escapes a text for a target, shortened to its limit. It is cut between graphemes, so that no emoji, accent or escape sequence is split, and
 * ends with how many characters are missing.
 */
export function shortened({ text, more }: Excerpt, { limit, escape = asIs }: ShorteningOptions): string {
  const whole = escape(text);
  if (more === 0 && whole.length <= limit) return whole;
  const longest = limit < MIN_LIMIT_WITH_COUNT ? "…" : marker(more + codePoints(text, 0));
  const end = cutWithin(text, limit - longest.length, escape);
  const missing = more + codePoints(text, end);
  return escape(text.slice(0, end).trimEnd()) + (limit < MIN_LIMIT_WITH_COUNT ? "…" : marker(missing));
}

const asIs = (text: string): string => text;

function marker(characters: number): string {
  if (characters === Infinity) return "… (shortened)";
  return `… (shortened, ${characters} more ${characters === 1 ? "character" : "characters"})`;
}

/** Where to cut so that the escaped text has at most `limit` UTF-16 units. */
function cutWithin(text: string, limit: number, escape: (text: string) => string): number {
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += escape(character).length;
    if (used > limit) return cutAt(text, end);
    end += character.length;
  }
  return end;
}

/** The last grapheme boundary at or before `end`; a code point boundary if the grapheme there is longer than any real one. */
function cutAt(text: string, end: number): number {
  if (end >= text.length) return text.length;
  if (end <= 0) return 0;
  const start = graphemes.segment(text.slice(0, end + MAX_GRAPHEME)).containing(end)?.index ?? end;
  if (end - start <= MAX_GRAPHEME) return start;
  const isLow = (text.charCodeAt(end) & 0xfc00) === 0xdc00 && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return isLow ? end - 1 : end;
}

function codePoints(text: string, start: number): number {
  let count = 0;
  for (let at = start; at < text.length; at++) {
    count++;
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++;
  }
  return count;
}
