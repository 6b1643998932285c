import { EgressConfigError, withoutCredentials } from "../errors.ts";
import { inNetwork, parseNetwork } from "./bytes.ts";
import type { AddressBytes, Network } from "./bytes.ts";

/** One host word: an exact name, or `*.suffix` for every name below the suffix, but not the suffix itself. */
export interface HostWord {
  readonly suffix: string | null;
  readonly name: string;
}

/** Targets that may be called. Created by {@link parseAllowList}; immutable. */
export interface AddressRules {
  /** The words in canonical form: equal rules have equal text. */
  readonly text: string;
  /** Allows addresses of the public internet. */
  readonly external: boolean;
  /** Allows RFC 1918 addresses and IPv6 unique local addresses. */
  readonly private: boolean;
  /** Allows `127.0.0.0/8`, `::1`, and this machine's own addresses. */
  readonly loopback: boolean;
  /** Allowed networks and single addresses. */
  readonly networks: readonly Network[];
  /** Allowed host names, regardless of their addresses. */
  readonly hosts: readonly HostWord[];
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Parses an allow list: words separated by commas or spaces.
 *
 * | word | allows |
 * | --- | --- |
 * | `external` | the public internet |
 * | `private` | `10/8`, `172.16/12`, `192.168/16`, `fc00::/7` |
 * | `loopback` | `127/8`, `::1`, and this machine's own addresses |
 * | `10.1.0.0/16`, `fd00:1::/32`, `10.1.2.3` | a network or one address |
 * | `hooks.corp`, `*.corp` | a host name, regardless of its addresses |
 *
 * Link-local, metadata, multicast and embedded addresses remain denied under all of these, unless the single address
 * itself is listed. An empty list allows nothing.
 *
 * @param text The list, in any case and order.
 * @returns Rules for the `allow`, `tenantAllow` and `deny` options.
 * @throws {EgressConfigError} `invalid_allow_word`, with the word that was not understood.
 *
 * @example
 *
 * ```ts
 * import { parseAllowList } from "@posthorn/egress";
 *
 * const rules = parseAllowList("external, 10.20.0.0/16, *.hooks.corp");
 * console.log(rules.text); // *.hooks.corp,10.20.0.0/16,external
 * console.log(rules.external, rules.private); // true false
 * ```
 */
export function parseAllowList(text: string): AddressRules {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const unique = [...new Set(words)].sort();
  const networks: Network[] = [];
  const hosts: HostWord[] = [];
  for (const word of unique) {
    if (word === "external" || word === "private" || word === "loopback") continue;
    const network = parseNetwork(word);
    if (network !== null) networks.push(network);
    else hosts.push(parseHostWord(word));
  }
  return Object.freeze({
    text: unique.join(","),
    external: unique.includes("external"),
    private: unique.includes("private"),
    loopback: unique.includes("loopback"),
    networks: Object.freeze(networks),
    hosts: Object.freeze(hosts),
  });
}

function parseHostWord(word: string): HostWord {
  if (/[:/]/.test(word) || /^[\d.]+$/.test(word)) {
    throw badWord(
      word,
      "it looks like an address: write a.b.c.d, a.b.c.d/bits or the IPv6 form, without bits set after the prefix length",
    );
  }
  const name = word.startsWith("*.") ? word.slice(2) : word;
  if (name.length > 253 || name.split(".").some((label) => !LABEL.test(label))) {
    throw badWord(word, "use external, private, loopback, an address, a CIDR, a host name or *.suffix");
  }
  return word.startsWith("*.") ? { suffix: `.${name}`, name } : { suffix: null, name };
}

function badWord(text: string, hint: string): EgressConfigError {
  const word = withoutCredentials(text);
  return new EgressConfigError("invalid_allow_word", word, `"${word}" is not a valid allow-list entry: ${hint}.`);
}

/** The network or address that a word of {@link AddressRules.text} denotes; `null` for any other word. */
export function networkOfWord(word: string): Network | null {
  return parseNetwork(word);
}

/** The host word that a word of {@link AddressRules.text} denotes. */
export function hostOfWord(word: string): HostWord {
  return parseHostWord(word);
}

/** Whether a host word matches `host` (lower case, without a trailing dot). */
export function namesHost(rules: AddressRules, host: string): boolean {
  return rules.hosts.some(({ suffix, name }) => (suffix === null ? host === name : host.endsWith(suffix)));
}

/** Whether a network word contains the address. */
export function namesNetwork(rules: AddressRules, address: AddressBytes): boolean {
  return rules.networks.some((network) => inNetwork(address, network));
}

/** Whether the single address itself is listed, which allows it even where no other word does. */
export function namesAddress(rules: AddressRules, address: AddressBytes): boolean {
  return rules.networks.some((network) => network.bits === address.length * 8 && inNetwork(address, network));
}
