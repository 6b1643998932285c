/** Parses JSON with large integers as `bigint`, so that 64-bit IDs can be compared exactly. */

/** An integer as written in JSON text. */
const WHOLE = /^-?\d+$/;

type ReviverContext = { readonly source?: string };

/** Matches as many digits as the smallest integer beyond 2^53 has. */
const MANY_DIGITS = /\d{16}/;

/** Whether JSON text may contain integers beyond 2^53. */
export function mayHaveLargeNumbers(text: string): boolean {
  return MANY_DIGITS.test(text);
}

/** Like `JSON.parse`, but integers beyond 2^53 become `bigint`. Text that may contain such numbers takes 40 times as long. */
export function parseWithBigInts(text: string): unknown {
  if (!mayHaveLargeNumbers(text)) return JSON.parse(text);
  // The type definitions do not include the third parameter yet.
  const reviver = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && WHOLE.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, reviver);
}

/**
 * Prints the start of a value from `parseWithBigInts` as JSON: at least `length` characters, or all of it. It visits only what it prints, and
 * each level prints at least one character, so that deep nesting cannot exhaust the stack.
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
