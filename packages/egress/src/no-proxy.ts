import { domainToASCII } from "node:url";
import { inNetwork, parseAddress, parseNetwork, unmap } from "./address/bytes.ts";
import type { AddressBytes, Network } from "./address/bytes.ts";
import { EgressConfigError, withoutCredentials } from "./errors.ts";
import type { ParsedTarget } from "./url.ts";

/** Targets that are called without the proxy. Created by {@link parseNoProxy}. */
export interface NoProxy {
  /** The list as it was written, separated by commas. */
  readonly text: string;
  /** Whether a target is called without the proxy. */
  matches(target: Pick<ParsedTarget, "host" | "port" | "literal">): boolean;
}

/** One word and the port it is limited to. */
interface Entry {
  readonly port: number | null;
  matches(host: string, literal: AddressBytes | null): boolean;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const PORT = /^(.*):(\d{1,5})$/s;

/**
 * Parses a list of hosts that are called without the proxy, in the syntax of `NO_PROXY`: words separated by commas or
 * spaces.
 *
 * | word | matches |
 * | --- | --- |
 * | `example.com` | the host and every host below it |
 * | `.example.com`, `*.example.com` | every host below it, not the host itself |
 * | `10.1.2.3`, `fd00::1`, `[fd00::1]` | URLs with this address as their host |
 * | `10.0.0.0/8`, `fd00::/8` | URLs with an address of this network as their host |
 * | `example.com:8443`, `[fd00::1]:8443` | the same, only on this port |
 * | `*` | everything |
 *
 * Names are not resolved to compare them with addresses.
 *
 * @param text The list.
 * @returns A value for the `noProxy` option.
 * @throws {EgressConfigError} `invalid_no_proxy`, with the word that was not understood.
 *
 * @example
 *
 * ```ts
 * import { parseNoProxy } from "@posthorn/egress";
 *
 * const noProxy = parseNoProxy("internal.example.com, 10.0.0.0/8");
 * console.log(noProxy.matches({ host: "a.internal.example.com", port: 443, literal: null })); // true
 * ```
 */
export function parseNoProxy(text: string): NoProxy {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const entries = words.map(parseEntry);
  return {
    text: words.join(","),
    matches: ({ host, port, literal }) =>
      entries.some((entry) => (entry.port === null || entry.port === port) && entry.matches(host, literal)),
  };
}

function parseEntry(word: string): Entry {
  const network = networkEntry(word, word, null);
  if (network !== null) return network;
  const [, host, digits] = PORT.exec(word) ?? [word, word, null];
  const port = digits === null ? null : Number(digits);
  if (port !== null && (port < 1 || port > 65_535)) throw badWord(word);
  return networkEntry(word, host, port) ?? hostEntry(word, host, port);
}

function networkEntry(word: string, host: string, port: number | null): Entry | null {
  const bare = /^\[.*\]$/s.test(host) ? host.slice(1, -1) : host;
  const network = parseNetwork(bare.toLowerCase());
  if (network === null) return null;
  if (port !== null && bare.includes("/")) throw badWord(word);
  if (port !== null && bare.includes(":") && bare === host) return null;
  return { port, matches: (_host, literal) => literal !== null && inEither(literal, network) };
}

/** Compares an IPv4-mapped IPv6 address as its IPv4 address too. */
function inEither(address: AddressBytes, network: Network): boolean {
  return inNetwork(address, network) || inNetwork(unmap(address), network);
}

function hostEntry(word: string, host: string, port: number | null): Entry {
  if (host === "*") return { port, matches: () => true };
  const below = /^\*?\.(.+)$/s.exec(host)?.[1];
  const typed = (below ?? host).replace(/\.$/, "");
  const name = domainToASCII(typed);
  const isName = name.length <= 253 && name.split(".").every((label) => LABEL.test(label));
  // An invalid address would be read as a host name that never matches.
  if (!isName || /[/:[\]]/.test(typed) || /^[\d.]+$/.test(typed) || parseAddress(name) !== null) throw badWord(word);
  const suffix = `.${name}`;
  const matches = (target: string) => target.endsWith(suffix) || (below === undefined && target === name);
  return { port, matches: (target, literal) => literal === null && matches(target) };
}

function badWord(text: string): EgressConfigError {
  const word = withoutCredentials(text);
  return new EgressConfigError(
    "invalid_no_proxy",
    word,
    `"${word}" is not a host, .suffix, *.suffix, address, CIDR range or *, optionally followed by :port.`,
  );
}
