/** Parses headers, one `name: value` per line. Other lines are ignored. */
export function headersOf(text: string): Record<string, string> {
  const pairs = text.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
    const colon = line.indexOf(":");
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}
