/**
 * JSON whose numbers keep their digits. `JSON.parse` rounds integers beyond 53 bits, and decimals with more than 17 digits. Here they become
 * raw values, which `JSON.stringify` writes as they were read.
 */

/** Shorter numbers are exact, or are written in the same way again. */
const LONG = /\d[\d.]{15}/;

interface RawJson {
  readonly rawJSON: string;
}

/** Of ECMAScript, but not yet in the types that this project compiles with. */
const json = JSON as unknown as {
  parse(
    text: string,
    revive: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/** Parses JSON. Numbers that would lose digits become raw values: {@link isRawNumber}. */
export function parseExact(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  return json.parse(text, (_name, value, { source }) =>
    typeof value === "number" && source !== undefined && source.length > 15 && String(value) !== source
      ? json.rawJSON(source)
      : value,
  );
}

/** Whether a value is a number that keeps its digits. */
export function isRawNumber(value: unknown): boolean {
  return json.isRawJSON(value);
}

/** The value with numbers as JavaScript has them: for checks of their kind and size, which rounding does not change. */
export function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
