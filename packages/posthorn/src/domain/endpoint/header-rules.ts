/** Rules for custom headers of endpoints. */
import { invalid } from "../../lib/errors.ts";

export type HeaderMap = Record<string, string>;

const MAX_HEADERS = 100;
const MAX_VALUE_BYTES = 4096;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
/** Visible ASCII, space, tab and obs-text (RFC 9110); in particular no line breaks. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers reserved for the HTTP connection, proxies and signatures. */
const PROTECTED_NAMES = new Set(
  (
    "age cache-control clear-site-data connection content-encoding content-language content-length content-location " +
    "content-type expect expires host keep-alive pragma proxy-authenticate proxy-authorization proxy-connection te trailer trailers " +
    "transfer-encoding upgrade user-agent warning"
  ).split(" "),
);
const PROTECTED_PREFIXES =
  "webhook- svix- x-svix- x-amz- x-amzn- x-google x-goog- x-gfe x-azure- x-fd- x-posthorn-".split(" ");

/** Throws a 422 that names the first header that is reserved or invalid. */
export function checkHeaders(headers: HeaderMap): HeaderMap {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) throw invalid("headers", `An endpoint can have up to ${MAX_HEADERS} headers.`);
  for (const [name, value] of entries) {
    const problem = headerProblem(name, value);
    if (problem !== null) throw invalid(["body", "headers", name], problem);
  }
  return headers;
}

/** Reason why this header is not allowed; `null` if it is. */
export function headerProblem(name: string, value: string): string | null {
  const lower = name.toLowerCase();
  if (!TOKEN.test(name)) return "Not a valid header name (RFC 9110, section 5.1).";
  if (PROTECTED_NAMES.has(lower) || PROTECTED_PREFIXES.some((prefix) => lower.startsWith(prefix))) {
    return `The header ${name} is set for each delivery and cannot be changed.`;
  }
  if (!VALUE.test(value)) return "A header value cannot contain line breaks or other control characters.";
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) return `A header value can have up to ${MAX_VALUE_BYTES} bytes.`;
  return null;
}
