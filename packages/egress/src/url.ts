import { parseAddress } from "./address/bytes.ts";
import type { AddressBytes } from "./address/bytes.ts";
import { isLocalhost, nameProblem } from "./address/names.ts";
import { namesHost } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { EgressConfigError } from "./errors.ts";

/** A URL that passed the URL rules, parsed once. */
export interface ParsedTarget {
  readonly secure: boolean;
  /** `scheme://host:port`, as used by connection pools. */
  readonly origin: string;
  /** Host in lower case and in IDNA ASCII form, without brackets and without a trailing dot. */
  readonly host: string;
  readonly port: number;
  /** Path and query, as sent. */
  readonly path: string;
  /** The address when the host is an address literal, otherwise `null`. */
  readonly literal: AddressBytes | null;
}

/** Rules for URLs. */
export interface UrlRules {
  /** Refuses `http:`. */
  readonly httpsOnly: boolean;
  readonly ports: PortRules;
  /** Maximum length of a URL, in characters of the parsed form. */
  readonly maxLength: number;
}

/** Reason why a URL is refused. `rule` is stable; `message` says what to change and never depends on an address. */
export interface UrlProblem {
  /** Stable name of the violated rule. */
  readonly rule:
    | "syntax"
    | "length"
    | "control-character"
    | "scheme"
    | "https-only"
    | "user-info"
    | "fragment"
    | "port"
    | "host"
    | "metadata-name"
    | "single-label"
    | "private-suffix";
  readonly message: string;
}

/** Result of {@link parseTarget}. */
export type UrlVerdict =
  | { readonly ok: true; readonly target: ParsedTarget }
  | { readonly ok: false; readonly problem: UrlProblem };

/** A set of TCP ports. Created by {@link parsePorts}. */
export interface PortRules {
  /** The list as it was written. */
  readonly text: string;
  /** Whether the set contains a port. */
  has(port: number): boolean;
}

/** Ports from 1024 that browsers block because they belong to other protocols (Fetch standard, "Port blocking"). */
const BAD_PORTS = "!1719,!1720,!1723,!2049,!3659,!4045,!4190,!5060,!5061,!6000,!6566,!6665-6669,!6679,!6697,!10080";

/**
 * Default for the `ports` option: 80, 443 and all ports from 1024, except those that browsers block (Fetch standard,
 * "Port blocking").
 */
export const DEFAULT_PORTS = `80,443,1024-65535,${BAD_PORTS}`;

const PORT_WORD = /^(!?)(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * Parses a list of ports such as `80,443,8000-8999,!8080`. Later entries take precedence; `!` removes ports.
 *
 * @param text Ports, ranges and exclusions, separated by commas or spaces.
 * @returns The set of ports.
 * @throws {EgressConfigError} `invalid_port_list`, with the entry that was not understood.
 *
 * @example
 *
 * ```ts
 * import { parsePorts } from "@posthorn/egress";
 *
 * const ports = parsePorts("443,8000-8999,!8080");
 * console.log(ports.has(443), ports.has(8001), ports.has(8080)); // true true false
 * ```
 */
export function parsePorts(text: string): PortRules {
  const open = new Uint8Array(65_536);
  for (const word of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const match = PORT_WORD.exec(word);
    const from = Number(match?.[2]);
    const to = Number(match?.[3] ?? match?.[2]);
    if (match === null || from < 1 || to > 65_535 || from > to) {
      throw new EgressConfigError(
        "invalid_port_list",
        word,
        `"${word}" is not a port, a range such as 8000-8999, or an exclusion such as !8080.`,
      );
    }
    open.fill(match[1] === "!" ? 0 : 1, from, to + 1);
  }
  return { text, has: (port) => open[port] === 1 };
}

// oxlint-disable-next-line no-control-regex -- finds control characters.
const CONTROL = /[\u0000-\u0020\u007f-\u009f\u2028\u2029]/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function problem(rule: UrlProblem["rule"], message: string): UrlVerdict {
  return { ok: false, problem: { rule, message } };
}

/**
 * Checks a URL against the rules. It is parsed once with the WHATWG parser, and only the parsed parts are used
 * afterwards: here `http://0x7f.1/`, `http://017700000001/` and `http://１２７.0.0.1/` are all the literal `127.0.0.1`.
 *
 * @param allow Host words of these rules name private hosts that are accepted.
 */
export function parseTarget(url: string, rules: UrlRules, allow: AddressRules): UrlVerdict {
  if (url.length > rules.maxLength) return problem("length", `The URL is longer than ${rules.maxLength} characters.`);
  if (CONTROL.test(url))
    return problem("control-character", "The URL contains a space or a control character. Percent-encode it.");
  const parsed = URL.parse(url);
  if (parsed === null) return problem("syntax", "This is not a valid URL. Use the form https://example.com/hooks.");
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return problem("scheme", "The URL must start with https:// (or http:// if the operator allows it).");
  }
  const secure = parsed.protocol === "https:";
  if (!secure && rules.httpsOnly) return problem("https-only", "The URL must start with https://.");
  if (parsed.username !== "" || parsed.password !== "") {
    return problem(
      "user-info",
      "Remove the user name and password from the URL. Set them as the authentication of the endpoint.",
    );
  }
  if (url.includes("#")) return problem("fragment", "Remove the fragment (#…) from the URL, because it is never sent.");
  if (parsed.href.length > rules.maxLength)
    return problem("length", `The URL is longer than ${rules.maxLength} characters.`);
  const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port);
  if (!rules.ports.has(port)) return problem("port", `Port ${port} is not allowed. Use 443, or contact the operator.`);
  return hostOf(parsed, secure, port, allow);
}

function hostOf(parsed: URL, secure: boolean, port: number, allow: AddressRules): UrlVerdict {
  const { hostname } = parsed;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");
  const literal = parseAddress(host);
  if (literal === null) {
    if (host.length > 253 || host.split(".").some((label) => !LABEL.test(label))) {
      return problem("host", "The host of the URL is not a valid DNS name.");
    }
    const name = isLocalhost(host) && allow.loopback ? null : nameProblem(host);
    if (name !== null && !namesHost(allow, host)) {
      return problem(
        name,
        "The host of the URL is not a public name. Use one that is reachable on the public internet.",
      );
    }
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  const origin = `${secure ? "https" : "http"}://${shown}:${port}`;
  return { ok: true, target: { secure, origin, host, port, path: parsed.pathname + parsed.search, literal } };
}
