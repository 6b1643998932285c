import { domainToASCII } from "node:url";
import { inNetwork, parseAddress, parseNetwork, unmap } from "./address/bytes.ts";
import type { AddressBytes, Network } from "./address/bytes.ts";
import { EgressConfigError, withoutCredentials } from "./errors.ts";
import type { ParsedTarget } from "./url.ts";

/** Targets that are called without the proxy. Made by {@link parseNoProxy}. */
export interface NoProxy {
  readonly text: string;
  matches(target: Pick<ParsedTarget, "host" | "port" | "literal">): boolean;
}

/** One word, and the port it is limited to. */
interface Entry {
  readonly port: number | null;
  matches(host: string, literal: AddressBytes | null): boolean;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const PORT = /^(.*):(\d{1,5})$/s;

/**
 * Reads a list of hosts that need no proxy, in the syntax of `NO_PROXY`: words with commas or spaces between.
 *
 * | word | matches |
 * | --- | --- |
 * | `example.com` | the host and every host below it |
 * | `.example.com`, `*.example.com` | every host below it, not the host itself |
 * | `10.1.2.3`, `fd00::1`, `[fd00::1]` | URLs with this address as their host |
 * | `10.0.0.0/8`, `fd00::/8` | URLs with an address of this network as their host |
 * | `example.com:8443`, `[fd00::1]:8443` | as above, on this port only |
 * | `*` | everything |
 *
 * Names are not looked up to compare them with addresses.
 *
 * @throws {EgressConfigError} `invalid_no_proxy`, with the word that is not one.
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

/** An IPv4 address counts as itself in its IPv4-mapped spelling, too. */
function inEither(address: AddressBytes, network: Network): boolean {
  return inNetwork(address, network) || inNetwork(unmap(address), network);
}

function hostEntry(word: string, host: string, port: number | null): Entry {
  if (host === "*") return { port, matches: () => true };
  const below = /^\*?\.(.+)$/s.exec(host)?.[1];
  const typed = (below ?? host).replace(/\.$/, "");
  const name = domainToASCII(typed);
  const isName = name.length <= 253 && name.split(".").every((label) => LABEL.test(label));
  // What looks like an address and is none would never match.
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
    `"${word}" is not a host, .suffix, *.suffix, address, CIDR range or *, with :port where it is limited to one.`,
  );
}
