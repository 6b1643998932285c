import { EgressConfigError } from "../errors.ts";
import { formatAddress, inNetwork, parseNetwork, sameAddress } from "./bytes.ts";
import type { AddressBytes, Network } from "./bytes.ts";
import { namesAddress, namesHost, namesNetwork } from "./rules.ts";
import type { AddressRules } from "./rules.ts";
import { GLOBAL_UNICAST, NAT64_WELL_KNOWN, SPECIAL_RANGES } from "./special.ts";
import type { RangeClass } from "./special.ts";

/** Platform settings of the address guard, in addition to the rules of one request. */
export interface GuardSettings {
  /** Denied for every request, regardless of the rules. */
  readonly deny: AddressRules;
  /** Addresses of this machine and of this platform. */
  readonly own: readonly AddressBytes[];
  /** NAT64 prefixes of this network besides the well-known one (RFC 6052: /32, /40, /48, /56, /64 or /96). */
  readonly nat64: readonly Network[];
}

/** Decision of the guard on one address. `rule` and `setting` are for operators. */
export type Verdict =
  | { readonly allowed: true; readonly rule: string }
  | { readonly allowed: false; readonly rule: string; readonly setting: string };

/** Parses NAT64 prefixes and adds the well-known one. */
export function parseNat64(prefixes: readonly string[]): readonly Network[] {
  return [NAT64_WELL_KNOWN, ...prefixes].map((text) => {
    const network = parseNetwork(text);
    if (network === null || network.bytes.length !== 16 || ![32, 40, 48, 56, 64, 96].includes(network.bits)) {
      throw new EgressConfigError(
        "invalid_option",
        text,
        `"${text}" is not a NAT64 prefix. Use an IPv6 network of 32, 40, 48, 56, 64 or 96 bits (RFC 6052).`,
      );
    }
    return network;
  });
}

/**
 * Decides whether an address may be dialled, under the rules of a request and the settings of the platform.
 *
 * @param address The address to be dialled: 4 or 16 bytes.
 * @param host The name it was resolved from, in lower case; `null` for an address literal.
 */
export function checkAddress(
  address: AddressBytes,
  host: string | null,
  rules: AddressRules,
  settings: GuardSettings,
): Verdict {
  const inner = settings.nat64.find((network) => inNetwork(address, network));
  if (inner !== undefined) {
    const verdict = checkAddress(embeddedIPv4(address, inner), host, rules, settings);
    return { ...verdict, rule: `nat64:${verdict.rule}` };
  }
  if (namesNetwork(settings.deny, address) || (host !== null && namesHost(settings.deny, host))) {
    return refuse("deny-list", "remove it from the platform's deny list");
  }
  if (namesAddress(rules, address)) return { allowed: true, rule: "named" };
  const { rule, class: rangeClass } = classify(address);
  const opened = rangeClass !== "never" && (namesNetwork(rules, address) || (host !== null && namesHost(rules, host)));
  if (opened) return { allowed: true, rule };
  if (!rules.loopback && settings.own.some((own) => sameAddress(own, address))) {
    return refuse("own-address", `add "loopback" or ${formatAddress(address)} to the allow list`);
  }
  if (rangeClass === "public") {
    return rules.external ? { allowed: true, rule } : refuse(rule, `add "external" to the allow list`);
  }
  if (rangeClass === "loopback" && rules.loopback) return { allowed: true, rule };
  if (rangeClass === "private" && rules.private) return { allowed: true, rule };
  return refuse(rule, settingFor(rangeClass, address));
}

/** The first special range that contains the address, or the public internet. */
export function classify(address: AddressBytes): { readonly rule: string; readonly class: RangeClass | "public" } {
  for (const range of SPECIAL_RANGES) {
    if (inNetwork(address, range.network)) return range;
  }
  if (address.length === 4) return { rule: "public", class: "public" };
  if (!inNetwork(address, GLOBAL_UNICAST)) return { rule: "unallocated", class: "special" };
  return isIsatap(address) ? { rule: "isatap", class: "never" } : { rule: "public", class: "public" };
}

/** ISATAP (RFC 5214): any prefix, then the interface ID `[02]00:5efe` and an IPv4 address. */
function isIsatap(address: AddressBytes): boolean {
  const flag = address[8];
  return (flag === 0 || flag === 2) && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;
}

/** The IPv4 address inside a NAT64 address. Byte 8 is skipped because it is always zero (RFC 6052 section 2.2). */
export function embeddedIPv4(address: AddressBytes, prefix: Network): AddressBytes {
  const start = prefix.bits / 8;
  const out = new Uint8Array(4);
  for (let index = 0, at = start; index < 4; index++, at++) {
    if (at === 8) at++;
    out[index] = address[at]!;
  }
  return out;
}

function refuse(rule: string, setting: string): Verdict {
  return { allowed: false, rule, setting };
}

function settingFor(rangeClass: RangeClass, address: AddressBytes): string {
  const text = formatAddress(address);
  switch (rangeClass) {
    case "loopback":
    case "private":
      return `add "${rangeClass}", ${text} or a CIDR to the allow list`;
    case "special":
      return `add ${text} or a CIDR to the allow list`;
    case "never":
      return `add exactly ${text} to the allow list (no other word opens this range)`;
  }
}
