/** Ranges of texts that are replaced, and where they are in the bytes of a JSON string. */
import type { RedactionAction } from "./rule.ts";

/** Part of a text. `end` is excluded. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
  readonly action: RedactionAction;
}

/** Joins ranges that overlap, in the order of the text. A range in which anything is masked is masked as a whole. */
export function joined(ranges: readonly TextRange[]): readonly TextRange[] {
  const result: TextRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || range.start >= last.end) {
      result.push(range);
      continue;
    }
    const action = last.action === "mask" || range.action === "mask" ? "mask" : "hash";
    result[result.length - 1] = { start: last.start, end: Math.max(last.end, range.end), action };
  }
  return result;
}

/** The text of a JSON string, and where its characters are in the string. */
export interface DecodedString {
  readonly text: string;
  /** Returns the position of a UTF-16 unit of the text in the raw string, in UTF-16 units after the opening quote. */
  readonly rawAt: (index: number) => number;
}

const ESCAPED: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** @param raw A valid JSON string without its quotes. */
export function decodeString(raw: string): DecodedString {
  if (!raw.includes("\\")) return { text: raw, rawAt: (index) => index };
  let text = "";
  const places: number[] = [];
  for (let at = 0; at < raw.length;) {
    places.push(at);
    const character = raw[at]!;
    if (character !== "\\") {
      text += character;
      at++;
      continue;
    }
    const escaped = raw[at + 1]!;
    const isUnicode = escaped === "u";
    text += isUnicode
      ? String.fromCharCode(Number.parseInt(raw.slice(at + 2, at + 6), 16))
      : (ESCAPED[escaped] ?? escaped);
    at += isUnicode ? 6 : 2;
  }
  places.push(raw.length);
  return { text, rawAt: (index) => places[index]! };
}
