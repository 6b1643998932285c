/** Media types, as used in `content-type`. */

export const FORMATS = ["json", "xml", "form"] as const;
/** A format that bodies can be converted from and to. */
export type Format = (typeof FORMATS)[number];

/** A media type that is valid in a header (RFC 9110, section 8.3.1, except quoted parameters with escapes or non-ASCII characters). */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:[ \t]*;[ \t]*[\w-]+=(?:[\w!#$&^.+-]+|"[\x20-\x21\x23-\x7e]*"))*$/;
const MAX_LENGTH = 256;

export function isMediaType(text: string): boolean {
  return text.length <= MAX_LENGTH && MEDIA_TYPE.test(text);
}

/** Parsed media type. */
export interface MediaType {
  /** Type and subtype in lower case, such as `application/json`. */
  readonly essence: string;
  /** The charset parameter in lower case; `null`: none. */
  readonly charset: string | null;
}

/**
 * Parses a `content-type`. Returns `null` if it is malformed. A comma makes it malformed, because browsers read it as several values and
 * use the last one.
 */
export function parseMediaType(text: string): MediaType | null {
  const trimmed = text.trim();
  if (!isMediaType(trimmed) || trimmed.includes(",")) return null;
  const [essence, ...parameters] = trimmed.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  return { essence: essence!, charset: charset?.replaceAll('"', "") ?? null };
}

/** The format of a body of this type; `null`: none of them. */
export function formatOf(contentType: string): Format | null {
  const type = /^\s*([^;\s]+)/.exec(contentType)?.[1]?.toLowerCase() ?? "";
  if (/^[\w.+-]+\/(?:[\w.-]+\+)?json$/.test(type)) return "json";
  if (/^(?:application|text)\/xml$|^[\w.+-]+\/[\w.-]+\+xml$/.test(type)) return "xml";
  return type === "application/x-www-form-urlencoded" ? "form" : null;
}
