/**
 * Restrictions on responses under `/in/`. Their content comes from outside, and a browser that opens the URL must neither run it nor follow
 * its headers.
 */
import { type MediaType, parseMediaType } from "../../format/media-type.ts";

/** Protocol headers with a meaning to senders and none to browsers. */
const STANDARD_HEADERS: ReadonlySet<string> = new Set([
  "allow",
  "cache-control",
  "content-language",
  "content-type",
  "retry-after",
  "webhook-allowed-origin",
  "webhook-allowed-rate",
]);

/** `x-` followed by words separated by hyphens. The first word is the family. */
const OWN_HEADER = /^x-([a-z0-9]+)(?:-[a-z0-9]+)*$/;

/** Families of `x-` headers that browsers, proxies or content delivery networks interpret. Custom headers must not use them. */
const TAKEN_FAMILIES: ReadonlySet<string> = new Set(
  (
    "accel amz amzn apple appengine azure cache cdn cf chrome cloud content csp csrf dns download edge envoy " +
    "fastly firefox forwarded frame frontend gfe goog google haproxy host http istio kong lighttpd lightspeed " +
    "litespeed middleware moz ms nginx nf openresty original permitted pingback posthorn powered proxy real reproxy " +
    "rewrite robots runtime scheme send sendfile server source sourcemap squid surrogate traefik ua upstream url " +
    "varnish vercel via webkit xss"
  ).split(" "),
);

/** The rules as a sentence for error messages. */
export const HEADER_RULE = `Use ${[...STANDARD_HEADERS].join(", ")}, or a custom header that starts with x- and has no meaning to browsers or proxies.`;

/** Whether a source may set this response header. Case-insensitive. */
export function isResponseHeader(name: string): boolean {
  const lower = name.toLowerCase();
  if (STANDARD_HEADERS.has(lower)) return true;
  const family = OWN_HEADER.exec(lower)?.[1];
  return family !== undefined && !TAKEN_FAMILIES.has(family);
}

/** Who chose the content type of a response, from most to least trusted. */
export type ResponseTrust =
  /** The organisation, in the settings of its source. */
  | "source"
  /** A receiver whose response is passed on. */
  | "receiver"
  /** Either, if the response shares an origin with pages of others. */
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

/** Content types that a source may respond with, as a sentence for error messages. */
export const TYPE_RULE = `Use text/plain, application/json or another type that ends in +json, ${[...XML, ...TEXTS].join(", ")}, without commas.`;

/** Whether a response may have this content type. Scripts, style sheets, images and unknown types may not. */
export function isResponseType({ essence }: MediaType, trust: ResponseTrust): boolean {
  if (PLAIN.test(essence)) return true;
  if (trust === "plain") return false;
  return XML.has(essence) || (trust === "source" && TEXTS.has(essence));
}

/** Charsets that all clients decode alike and that cannot hide markup. */
const CHARSETS: ReadonlySet<string> = new Set(["utf-8", "us-ascii", "iso-8859-1", "windows-1252"]);

/** `content-type` of a response: its own if allowed, otherwise plain text. */
export function responseType(contentType: string, trust: ResponseTrust): string {
  const type = parseMediaType(contentType);
  const essence = type !== null && isResponseType(type, trust) ? type.essence : "text/plain";
  const charset = type?.charset ?? null;
  if (charset === null) return essence;
  // Configured responses are always encoded as UTF-8.
  if (trust === "source") return `${essence}; charset=utf-8`;
  return CHARSETS.has(charset) ? `${essence}; charset=${charset}` : essence;
}
