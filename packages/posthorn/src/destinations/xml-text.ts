/** Reads single values from the short XML documents that cloud services return. */

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Text of the first element with this name that has no child elements; `null`: there is none. Looks for the tags only, so any document takes
 * linear time, and a malformed one causes no error.
 */
export function xmlText(xml: string, name: string): string | null {
  const open = `<${name}>`;
  for (let at = xml.indexOf(open); at !== -1; at = xml.indexOf(open, at + 1)) {
    const start = at + open.length;
    const end = xml.indexOf("<", start);
    if (end !== -1 && xml.startsWith(`</${name}>`, end)) return decode(xml.slice(start, end));
  }
  return null;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
