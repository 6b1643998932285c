/** JSON whose large whole numbers keep every digit, as `bigint`, so that ids of 64 bits can be compared. */

/** A number that JSON text names but a double cannot hold exactly. */
const WHOLE = /^-?\d+$/;

type ReviverContext = { readonly source?: string };

/** Parses as `JSON.parse`, except that whole numbers beyond 2^53 become `bigint`. Several times slower; ask only when it matters. */
export function parseExact(text: string): unknown {
  // The third parameter is younger than its types.
  const reviver = (_key: string, value: unknown, context?: ReviverContext): unknown => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && WHOLE.test(source) ? BigInt(source) : value;
  };
  return JSON.parse(text, reviver);
}

/** The text of a value that `parseExact` made. */
export function printExact(value: unknown): string {
  // A number alone cannot be printed raw by `JSON.stringify`; every other `bigint` stands in something.
  if (typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? rawJson(String(part)) : part));
}

const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };
