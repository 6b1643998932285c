/** Media types, as they stand in `content-type`. */

export const FORMATS = ["json", "xml", "form"] as const;
/** A format that bodies can be converted from and to. */
export type Format = (typeof FORMATS)[number];

/** A media type that can stand in a header (RFC 9110, section 8.3.1, without quoted parameters of odd characters). */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w-]+=(?:[\w!#$&^.+-]+|"[\x20-\x21\x23-\x7e]*"))*$/;
const MAX_LENGTH = 256;

export function isMediaType(text: string): boolean {
  return text.length <= MAX_LENGTH && MEDIA_TYPE.test(text);
}

/** The format of a body of this type; `null`: none of them. */
export function formatOf(contentType: string): Format | null {
  const type = /^\s*([^;\s]+)/.exec(contentType)?.[1]?.toLowerCase() ?? "";
  if (/^[\w.+-]+\/(?:[\w.-]+\+)?json$/.test(type)) return "json";
  if (/^(?:application|text)\/xml$|^[\w.+-]+\/[\w.-]+\+xml$/.test(type)) return "xml";
  return type === "application/x-www-form-urlencoded" ? "form" : null;
}
