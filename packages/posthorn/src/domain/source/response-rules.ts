/**
 * What an answer under `/in/` may consist of. Its text comes from strangers, and a browser that opens the URL must neither run it nor
 * take instructions from it.
 */
import { type MediaType, parseMediaType } from "../../format/media-type.ts";

/** Headers of the protocol that say something to a sender and nothing to a browser. */
const STANDARD_HEADERS: ReadonlySet<string> = new Set([
  "allow",
  "cache-control",
  "content-language",
  "content-type",
  "retry-after",
  "webhook-allowed-origin",
  "webhook-allowed-rate",
]);

/** `x-` followed by words with hyphens between; the first word is the family. */
const OWN_HEADER = /^x-([a-z0-9]+)(?:-[a-z0-9]+)*$/;

/** Families of `x-` headers that browsers, proxies or content delivery networks act on: they are no names of one's own. */
const TAKEN_FAMILIES: ReadonlySet<string> = new Set(
  (
    "accel amz amzn apple appengine azure cache cdn cf chrome cloud content csp csrf dns download edge envoy " +
    "fastly firefox forwarded frame frontend gfe goog google haproxy host http istio kong lighttpd lightspeed " +
    "litespeed middleware moz ms nginx nf openresty original permitted pingback posthorn powered proxy real reproxy " +
    "rewrite robots runtime scheme send sendfile server source sourcemap squid surrogate traefik ua upstream url " +
    "varnish vercel via webkit xss"
  ).split(" "),
);

/** The same rules in a sentence, for the person whose header was refused. */
export const HEADER_RULE = `Use ${[...STANDARD_HEADERS].join(", ")}, or a name of your own that begins with x- and means nothing to browsers and proxies.`;

/** Whether a source may set this header of its answer. `name` in any case. */
export function isResponseHeader(name: string): boolean {
  const lower = name.toLowerCase();
  if (STANDARD_HEADERS.has(lower)) return true;
  const family = OWN_HEADER.exec(lower)?.[1];
  return family !== undefined && !TAKEN_FAMILIES.has(family);
}

/** Who may have chosen the type of an answer, from the most trusted to the least. */
export type ResponseTrust =
  /** The organisation, in the settings of its source. */
  | "source"
  /** A receiver whose answer is passed on. */
  | "receiver"
  /** Either, where the answer shares an origin with pages that belong to someone else. */
  | "plain";

const PLAIN = /^(?:text\/plain|text\/json|application\/(?:[\w.-]+\+)?json)$/;
const XML: ReadonlySet<string> = new Set(["application/xml", "text/xml"]);
const TEXTS: ReadonlySet<string> = new Set([
  "application/soap+xml",
  "application/x-www-form-urlencoded",
  "application/yaml",
  "text/csv",
  "text/html",
]);

/** Types that a source may answer with, in a sentence. */
export const TYPE_RULE = `Use text/plain, application/json or another type that ends in +json, ${[...XML, ...TEXTS].join(", ")}, without commas in it.`;

/** Whether an answer of this type may be sent as what it is. Scripts, style sheets, images and unknown types may not. */
export function isResponseType({ essence }: MediaType, trust: ResponseTrust): boolean {
  if (PLAIN.test(essence)) return true;
  if (trust === "plain") return false;
  return XML.has(essence) || (trust === "source" && TEXTS.has(essence));
}

/** Encodings that every client reads alike and that hide no markup. */
const CHARSETS: ReadonlySet<string> = new Set(["utf-8", "us-ascii", "iso-8859-1", "windows-1252"]);

/** The `content-type` under which an answer is sent: its own where that is allowed, and otherwise that of plain text. */
export function responseType(contentType: string, trust: ResponseTrust): string {
  const type = parseMediaType(contentType);
  const essence = type !== null && isResponseType(type, trust) ? type.essence : "text/plain";
  const charset = type?.charset ?? null;
  if (charset === null) return essence;
  // What a source answers is written as UTF-8, whatever its settings say.
  if (trust === "source") return `${essence}; charset=utf-8`;
  return CHARSETS.has(charset) ? `${essence}; charset=${charset}` : essence;
}
