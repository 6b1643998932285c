import { parseAddress } from "./address/bytes.ts";
import type { AddressBytes } from "./address/bytes.ts";
import { isLocalhost, nameTrouble } from "./address/names.ts";
import { namesHost } from "./address/rules.ts";
import type { AddressRules } from "./address/rules.ts";
import { EgressConfigError } from "./errors.ts";

/** A URL that passed the URL rules, taken apart once. */
export interface ParsedTarget {
  readonly secure: boolean;
  /** `scheme://host:port` as a connection pool wants it. */
  readonly origin: string;
  /** Lower case, IDNA in its ASCII form, without brackets and without a dot at the end. */
  readonly host: string;
  readonly port: number;
  /** Path and query, as sent. */
  readonly path: string;
  /** The address when the host is a literal, else `null`. */
  readonly literal: AddressBytes | null;
}

/** The rules a URL is held to. */
export interface UrlRules {
  /** Refuse `http:`. */
  readonly httpsOnly: boolean;
  readonly ports: PortRules;
  /** Longest URL accepted, in characters of the parsed form. */
  readonly maxLength: number;
}

/** What is wrong with a URL. `rule` is stable, `message` says what to change and never depends on an address. */
export interface UrlTrouble {
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

/** The outcome of {@link parseTarget}. */
export type UrlVerdict =
  | { readonly ok: true; readonly target: ParsedTarget }
  | { readonly ok: false; readonly trouble: UrlTrouble };

/** A set of TCP ports. Made by {@link parsePorts}. */
export interface PortRules {
  readonly text: string;
  has(port: number): boolean;
}

/** Ports at or above 1024 that browsers never send HTTP to, as another protocol lives there (Fetch, "port blocking"). */
const BAD_PORTS = "!1719,!1720,!1723,!2049,!3659,!4045,!4190,!5060,!5061,!6000,!6566,!6665-6669,!6679,!6697,!10080";

/** Web ports and everything above 1023 but the ports browsers block too. */
export const DEFAULT_PORTS = `80,443,1024-65535,${BAD_PORTS}`;

const PORT_WORD = /^(!?)(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * Reads a list of ports: `80,443,8000-8999,!8080`. Later words win over earlier ones; `!` takes ports away.
 *
 * @throws {EgressConfigError} `invalid_port_list`, with the word that is not one.
 */
export function parsePorts(text: string): PortRules {
  const open = new Uint8Array(65_536);
  for (const word of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const match = PORT_WORD.exec(word);
    const from = Number(match?.[2]);
    const to = Number(match?.[3] ?? match?.[2]);
    if (match === null || from < 1 || to > 65_535 || from > to) {
      throw new EgressConfigError("invalid_port_list", word, `"${word}" is no port, no range and no !port.`);
    }
    open.fill(match[1] === "!" ? 0 : 1, from, to + 1);
  }
  return { text, has: (port) => open[port] === 1 };
}

// oxlint-disable-next-line no-control-regex -- control characters are what this finds.
const CONTROL = /[\u0000-\u0020\u007f-\u009f\u2028\u2029]/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

function trouble(rule: UrlTrouble["rule"], message: string): UrlVerdict {
  return { ok: false, trouble: { rule, message } };
}

/**
 * Holds a URL to the rules. It is parsed once, with the WHATWG parser, and only the parsed parts are used after: so
 * `http://0x7f.1/`, `http://017700000001/` and `http://１２７.0.0.1/` are all the literal `127.0.0.1` here.
 *
 * @param allow Host words of these rules name hosts that are accepted though they are private names.
 */
export function parseTarget(url: string, rules: UrlRules, allow: AddressRules): UrlVerdict {
  if (url.length > rules.maxLength) return trouble("length", `The URL is longer than ${rules.maxLength} characters.`);
  if (CONTROL.test(url))
    return trouble("control-character", "The URL contains a space or a control character: encode it.");
  const parsed = URL.parse(url);
  if (parsed === null) return trouble("syntax", "This is not a URL. Write it like https://example.com/hooks.");
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") {
    return trouble("scheme", "The URL must begin with https:// (or http:// where the operator allows it).");
  }
  const secure = parsed.protocol === "https:";
  if (!secure && rules.httpsOnly) return trouble("https-only", "The URL must begin with https://.");
  if (parsed.username !== "" || parsed.password !== "") {
    return trouble(
      "user-info",
      "Take user name and password out of the URL: set them as the endpoint's authentication.",
    );
  }
  if (url.includes("#")) return trouble("fragment", "Take the fragment (#…) out of the URL: it is never sent.");
  if (parsed.href.length > rules.maxLength)
    return trouble("length", `The URL is longer than ${rules.maxLength} characters.`);
  const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port);
  if (!rules.ports.has(port)) return trouble("port", `Port ${port} is not allowed. Use 443, or ask the operator.`);
  return hostOf(parsed, secure, port, allow);
}

function hostOf(parsed: URL, secure: boolean, port: number, allow: AddressRules): UrlVerdict {
  const { hostname } = parsed;
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");
  const literal = parseAddress(host);
  if (literal === null) {
    if (host.length > 253 || host.split(".").some((label) => !LABEL.test(label))) {
      return trouble("host", "The host of the URL is not a valid DNS name.");
    }
    const name = isLocalhost(host) && allow.loopback ? null : nameTrouble(host);
    if (name !== null && !namesHost(allow, host)) {
      return trouble(
        name,
        "The host of the URL is not a public name. Use a host that is reachable on the public internet.",
      );
    }
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  const origin = `${secure ? "https" : "http"}://${shown}:${port}`;
  return { ok: true, target: { secure, origin, host, port, path: parsed.pathname + parsed.search, literal } };
}
