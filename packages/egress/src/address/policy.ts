import { inNetwork } from "./bytes.ts";
import type { AddressBytes, Network } from "./bytes.ts";
import { checkAddress } from "./check.ts";
import type { GuardSettings, Verdict } from "./check.ts";
import { isLocalhost } from "./names.ts";
import { hostOfWord, namesHost, networkOfWord } from "./rules.ts";
import type { AddressRules } from "./rules.ts";
import { GLOBAL_UNICAST, SPECIAL_RANGES } from "./special.ts";

/** The platform's rules, and how far the rules of one request may extend them. */
export interface GuardPolicy extends GuardSettings {
  /** Rules of the platform. */
  readonly allow: AddressRules;
  /** Targets that the rules or the proxy of a single request may allow in addition to `allow`. */
  readonly tenantAllow: AddressRules;
}

/** A word of an allow list that a tenant may not use. */
export interface RefusedWord {
  /** The word as it was written. */
  readonly word: string;
  /** `rules`: neither `allow` nor `tenantAllow` covers it. `deny`: it is on the deny list. */
  readonly reason: "rules" | "deny";
}

/**
 * Decides on an address for one request.
 *
 * @param wanted Rules of the request; `null` for the platform's. They can narrow the platform's rules, and extend
 *   them only as far as `tenantAllow` does.
 */
export function checkForRequest(
  address: AddressBytes,
  host: string | null,
  wanted: AddressRules | null,
  policy: GuardPolicy,
): Verdict {
  if (wanted === null) return checkAddress(address, host, policy.allow, policy);
  const verdict = checkAddress(address, host, wanted, policy);
  return verdict.allowed ? checkForTenant(address, host, policy) : verdict;
}

/** Decides on an address by the most that tenants may allow: `allow` and `tenantAllow` together. */
export function checkForTenant(address: AddressBytes, host: string | null, policy: GuardPolicy): Verdict {
  const platform = checkAddress(address, host, policy.allow, policy);
  if (platform.allowed) return platform;
  const added = checkAddress(address, host, policy.tenantAllow, policy);
  return added.allowed ? added : { ...platform, setting: `${platform.setting} of the platform or of its tenants` };
}

/** Whether a host word applies to `host` for a request with these rules. */
export function namesHostFor(host: string, wanted: AddressRules | null, policy: GuardPolicy): boolean {
  if (wanted === null) return namesHost(policy.allow, host);
  return namesHost(wanted, host) && (namesHost(policy.allow, host) || namesHost(policy.tenantAllow, host));
}

/** The words of `wanted` that go beyond `allow` and `tenantAllow`, in order. */
export function refusedWords(wanted: AddressRules, policy: GuardPolicy): readonly RefusedWord[] {
  const refused: RefusedWord[] = [];
  for (const word of wanted.text.split(",").filter((text) => text !== "")) {
    if (isDenied(word, policy.deny)) refused.push({ word, reason: "deny" });
    else if (!isCovered(word, policy)) refused.push({ word, reason: "rules" });
  }
  return refused;
}

function isDenied(word: string, deny: AddressRules): boolean {
  const network = networkOfWord(word);
  if (network !== null) return deny.networks.some((denied) => contains(denied, network));
  return hasHost(deny, word);
}

function isCovered(word: string, policy: GuardPolicy): boolean {
  const sources = [policy.allow, policy.tenantAllow];
  if (word === "external" || word === "private" || word === "loopback") return sources.some((rules) => rules[word]);
  const network = networkOfWord(word);
  if (network === null) {
    const host = hostOfWord(word);
    const local = isLocalhost(host.name);
    return sources.some((rules) => hasHost(rules, word) || (local && rules.loopback));
  }
  // A single address can allow ranges that a CIDR cannot, so it is checked as it would be when dialled.
  if (network.bits === network.bytes.length * 8) return checkForTenant(network.bytes, null, policy).allowed;
  return sources.some((rules) => coversNetwork(rules, network));
}

/** Whether a host word of `rules` covers every name that the word covers. */
function hasHost(rules: AddressRules, word: string): boolean {
  const { name, suffix } = hostOfWord(word);
  if (suffix === null) return namesHost(rules, name);
  return rules.hosts.some((host) => host.suffix !== null && suffix.endsWith(host.suffix));
}

function coversNetwork(rules: AddressRules, network: Network): boolean {
  if (rules.networks.some((allowed) => contains(allowed, network))) return true;
  const range = SPECIAL_RANGES.find((special) => contains(special.network, network));
  if (range?.class === "private") return rules.private;
  if (range?.class === "loopback") return rules.loopback;
  return rules.external && isPublic(network);
}

function isPublic(network: Network): boolean {
  if (network.bytes.length === 16 && !contains(GLOBAL_UNICAST, network)) return false;
  return !SPECIAL_RANGES.some(
    ({ network: special, rule }) => rule !== "metadata" && (contains(special, network) || contains(network, special)),
  );
}

function contains(outer: Network, inner: Network): boolean {
  return outer.bits <= inner.bits && inNetwork(inner.bytes, outer);
}
