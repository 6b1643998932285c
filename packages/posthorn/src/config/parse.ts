/** Parsers of setting values. Each throws an `Error` with a short message that says what was expected. */
import { checkProxy, webhookSources } from "@posthorn/egress";
import { DESTINATION_KINDS, kindNamed } from "../destinations/kinds.ts";
import { SOURCE_KINDS, sourceKindNamed } from "../sources/kinds.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function parseText(text: string): string {
  return text.trim();
}

export function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Absolute `https:` or `http:` URLs, separated by commas. */
export function parseUrlList(text: string): readonly string[] {
  const urls = parseList(text);
  const wrong = urls.find((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ""));
  if (wrong !== undefined) throw new Error(`${wrong} is not an http or https URL`);
  return urls;
}

/** Parses a list of destination kinds. Returns `null` for all. */
export function parseDestinations(text: string): ReadonlySet<string> | null {
  const names = parseList(text);
  if (names.length === 1 && names[0] === "all") return null;
  const unknown = names.find((name) => kindNamed(name) === null);
  if (unknown === undefined) return new Set(names);
  throw new Error(`there is no destination kind "${unknown}". Kinds: ${Object.keys(DESTINATION_KINDS).join(", ")}`);
}

/** `null`: all. */
export function parseSourceKinds(text: string): ReadonlySet<string> | null {
  const names = parseList(text);
  if (names.length === 1 && names[0] === "all") return null;
  const unknown = names.find((name) => sourceKindNamed(name) === null);
  if (unknown === undefined) return new Set(names);
  throw new Error(`there is no source kind "${unknown}". Kinds: ${Object.keys(SOURCE_KINDS).join(", ")}`);
}

export function parseInteger(text: string, bounds: Bounds): number {
  if (!/^\d+$/.test(text.trim())) throw new Error(`"${text}" is not a whole number`);
  return withinBounds(Number(text), bounds);
}

export function parseDecimal(text: string, bounds: Bounds): number {
  if (!/^\d+(\.\d+)?$/.test(text.trim())) throw new Error(`"${text}" is not a number such as 15 or 0.5`);
  return withinBounds(Number(text), bounds);
}

const MAX_THREADS = 64;

/** A number of threads, or `auto`. */
export function parseThreads(text: string): number | "auto" {
  return text.trim() === "auto" ? "auto" : parseInteger(text, { min: 1, max: MAX_THREADS });
}

export function parseSwitch(text: string): boolean {
  return parseChoice(text, ["true", "false"]) === "true";
}

export function parseChoice<const T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text.trim());
  if (choice === undefined) throw new Error(`"${text}" is none of ${choices.join(", ")}`);
  return choice;
}

/** Parses a text that must match a regular expression. `what` describes it in errors; empty is valid. */
export function parsePattern(text: string, pattern: string, what: string): string {
  const value = text.trim();
  if (value !== "" && !new RegExp(pattern).test(value)) throw new Error(`"${value}" is not ${what}`);
  return value;
}

/** A domain name with at least one dot, in lower case; empty: none. */
export function parseDomain(text: string): string {
  const domain = text.trim().toLowerCase().replace(/\.$/, "");
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  if (domain === "" || (domain.length <= 190 && new RegExp(`^(?:${label}\\.)+${label}$`).test(domain))) return domain;
  throw new Error(`"${text}" is not a domain such as in.example.com`);
}

/** Parses the URL of a proxy; empty: none. */
export function parseProxyUrl(text: string): string {
  const url = text.trim();
  if (url !== "") checkProxy({ url });
  return url;
}

/** Parses the template of links to traces; empty: none. */
export function parseTraceUrl(text: string): string {
  const url = text.trim();
  if (url === "") return "";
  if (!url.includes("{traceId}")) throw new Error(`"${text}" has no {traceId}`);
  const filled = url.replaceAll("{traceId}", "0").replaceAll("{spanId}", "0");
  if (!/^https?:$/.test(URL.parse(filled)?.protocol ?? "")) throw new Error(`"${text}" is not an http or https URL`);
  return url;
}

/** Parses comma-separated addresses and CIDR ranges. */
export function parseAddresses(text: string): readonly string[] {
  const addresses = parseList(text);
  webhookSources(addresses, new Date(0));
  return addresses;
}

/** Parses origins such as `https://app.example.com`, or `*`, for `frame-ancestors`. Rejects anything that could end the directive. */
export function parseFrameAncestors(text: string): readonly string[] {
  const origins = parseList(text);
  for (const origin of origins) {
    if (origin === "*" || /^https?:\/\/(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?$/.test(origin)) continue;
    throw new Error(`"${origin}" is not an origin such as https://app.example.com`);
  }
  return origins;
}

/** Parses URIs for `Contact` of a security.txt (RFC 9116, section 2.5.3), which requires TLS of web addresses. */
export function parseContacts(text: string): readonly string[] {
  const contacts = parseList(text);
  for (const contact of contacts) {
    if (/^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]+\S*|tel:\+?[\d-]+)$/.test(contact)) continue;
    throw new Error(`"${contact}" is not a URI such as mailto:security@example.com or https://example.com/security`);
  }
  return contacts;
}

/** Parses `host:port`, `[v6]:port` or `:port` (all addresses). */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`"${text}" is not host:port, such as 127.0.0.1:8071`);
  return { host: match[1] ?? (match[2] === "" ? "::" : match[2]!), port };
}

/** Parses delays in seconds, such as `5,300,0.5`, to milliseconds. The longest allowed delay is 30 days. */
export function parseSchedule(text: string): readonly number[] {
  const delays = parseList(text).map((item) => Math.round(parseDecimal(item, { min: 0, max: 30 * 86_400 }) * 1000));
  if (delays.length > 50) throw new Error("it has more than 50 delays");
  return delays;
}

function withinBounds(value: number, { min, max }: Bounds): number {
  if (value < min || value > max) throw new Error(`${value} is not between ${min} and ${max}`);
  return value;
}
