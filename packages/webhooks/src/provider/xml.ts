/** Reads the texts of some XML elements into an object, keyed by element name. */
export function xmlFields(...names: readonly string[]): (text: string) => Readonly<Record<string, string>> {
  return (text) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = xmlText(text, name);
        return value === undefined ? [] : [[name.replaceAll(".", ""), value]];
      }),
    );
}

/**
 * Text of an element, without an XML parser: no DTD, and no entities except the five predefined ones. In a dotted
 * path, each name is searched after the start of the previous one.
 */
export function xmlText(xml: string, path: string): string | undefined {
  const names = path.split(".");
  const last = names.pop()!;
  let rest = xml;
  for (const name of names) {
    const start = new RegExp(`<(?:[\\w-]+:)?${name}[\\s>]`).exec(rest);
    if (start === null) return undefined;
    rest = rest.slice(start.index + start[0].length);
  }
  const found = new RegExp(`<(?:[\\w-]+:)?${last}(?:\\s[^<>]*)?>([^<]*)<`).exec(rest)?.[1];
  return found?.trim().replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
