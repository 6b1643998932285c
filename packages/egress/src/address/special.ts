import { parseNetwork } from "./bytes.ts";
import type { Network } from "./bytes.ts";

/**
 * Rules that can allow a special range.
 *
 * - `loopback`, `private`: the allow-list word of that name, a network that contains the address, or a host word.
 * - `special`: only a network or a host word.
 * - `never`: only the single address itself (`169.254.169.254` or `169.254.169.254/32`).
 */
export type RangeClass = "loopback" | "private" | "special" | "never";

/** One range in the guard's table. */
export interface SpecialRange {
  /** The range as bytes. */
  readonly network: Network;
  /** The range as text. */
  readonly cidr: string;
  /** Short stable name, shown to operators. */
  readonly rule: string;
  /** Rules that can allow the range. */
  readonly class: RangeClass;
  /** Origin of the range: an RFC, or the vendor of the service at this address. */
  readonly source: string;
}

type Row = readonly [cidr: string, rule: string, rangeClass: RangeClass, source: string];

/**
 * Addresses of cloud metadata services and related services. Some lie in ranges that an operator may allow (`private`
 * allows `fd00::/8`) and some look public, so they are checked before any range.
 */
const METADATA: readonly Row[] = [
  ["169.254.169.254/32", "metadata", "never", "AWS, Azure, Google, Oracle, DigitalOcean, Hetzner, OpenStack"],
  ["169.254.170.2/32", "metadata", "never", "AWS ECS task credentials"],
  ["169.254.170.23/32", "metadata", "never", "AWS EKS pod identity"],
  ["100.100.100.200/32", "metadata", "never", "Alibaba Cloud"],
  ["168.63.129.16/32", "metadata", "never", "Azure WireServer"],
  ["192.0.0.192/32", "metadata", "never", "Oracle Cloud, first generation"],
  ["fd00:ec2::254/128", "metadata", "never", "AWS"],
  ["fd00:ec2::253/128", "metadata", "never", "AWS name server"],
  ["fd00:ec2::23/128", "metadata", "never", "AWS EKS pod identity"],
  ["fd20:ce::254/128", "metadata", "never", "Google Cloud"],
  ["fd00:c1::a9fe:a9fe/128", "metadata", "never", "Oracle Cloud"],
  ["fd00:42::42/128", "metadata", "never", "Scaleway"],
];

/** IANA IPv4 Special-Purpose Address Registry, and multicast (RFC 5771). */
const IPV4: readonly Row[] = [
  ["0.0.0.0/8", "this-network", "never", "RFC 791"],
  ["10.0.0.0/8", "private", "private", "RFC 1918"],
  ["100.64.0.0/10", "carrier-nat", "special", "RFC 6598"],
  ["127.0.0.0/8", "loopback", "loopback", "RFC 1122"],
  ["169.254.0.0/16", "link-local", "never", "RFC 3927"],
  ["172.16.0.0/12", "private", "private", "RFC 1918"],
  ["192.0.0.0/24", "protocol-assignments", "special", "RFC 6890"],
  ["192.0.2.0/24", "documentation", "special", "RFC 5737"],
  ["192.31.196.0/24", "as112", "special", "RFC 7535"],
  ["192.52.193.0/24", "amt", "special", "RFC 7450"],
  ["192.88.99.0/24", "6to4-relay", "special", "RFC 7526"],
  ["192.168.0.0/16", "private", "private", "RFC 1918"],
  ["192.175.48.0/24", "as112", "special", "RFC 7534"],
  ["198.18.0.0/15", "benchmarking", "special", "RFC 2544"],
  ["198.51.100.0/24", "documentation", "special", "RFC 5737"],
  ["203.0.113.0/24", "documentation", "special", "RFC 5737"],
  ["224.0.0.0/4", "multicast", "never", "RFC 5771"],
  ["255.255.255.255/32", "broadcast", "never", "RFC 8190"],
  ["240.0.0.0/4", "reserved", "special", "RFC 1112"],
];

/**
 * IANA IPv6 Special-Purpose Address Registry, and the forms that contain an IPv4 address. Addresses outside
 * `2000::/3` that match no row are refused as `unallocated`, so this table only has to provide good names.
 */
const IPV6: readonly Row[] = [
  ["::/128", "unspecified", "never", "RFC 4291"],
  ["::1/128", "loopback", "loopback", "RFC 4291"],
  ["::ffff:0:0/96", "ipv4-mapped", "never", "RFC 4291"],
  ["::ffff:0:0:0/96", "ipv4-translated", "never", "RFC 2765"],
  ["::/96", "ipv4-compatible", "never", "RFC 4291"],
  ["64:ff9b:1::/48", "nat64-local", "never", "RFC 8215"],
  ["64:ff9b::/32", "nat64-reserved", "never", "RFC 6052"],
  ["::/8", "reserved", "never", "RFC 4291"],
  ["100::/64", "discard", "special", "RFC 6666"],
  ["100:0:0:1::/64", "dummy-prefix", "special", "RFC 9780"],
  ["2001::/32", "teredo", "never", "RFC 4380"],
  ["2001:2::/48", "benchmarking", "special", "RFC 5180"],
  ["2001:10::/28", "orchid", "special", "RFC 4843"],
  ["2001:20::/28", "orchid", "special", "RFC 7343"],
  ["2001::/23", "protocol-assignments", "special", "RFC 2928"],
  ["2001:db8::/32", "documentation", "special", "RFC 3849"],
  ["2002::/16", "6to4", "never", "RFC 3056"],
  ["2620:4f:8000::/48", "as112", "special", "RFC 7534"],
  ["3fff::/20", "documentation", "special", "RFC 9637"],
  ["5f00::/16", "segment-routing", "special", "RFC 9602"],
  ["fc00::/7", "private", "private", "RFC 4193"],
  ["fe80::/10", "link-local", "never", "RFC 4291"],
  ["fec0::/10", "site-local", "special", "RFC 3879"],
  ["ff00::/8", "multicast", "never", "RFC 4291"],
];

function table(rows: readonly Row[]): readonly SpecialRange[] {
  return rows.map(([cidr, rule, rangeClass, source]) => {
    const network = parseNetwork(cidr);
    if (network === null) throw new TypeError(`The table of special ranges has an invalid row: ${cidr}`);
    return { network, cidr, rule, class: rangeClass, source };
  });
}

/**
 * Every range that the guard treats specially, in the order of evaluation: the first match determines the rule.
 *
 * @see IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890)
 */
export const SPECIAL_RANGES: readonly SpecialRange[] = table([...METADATA, ...IPV4, ...IPV6]);

/** The only part of IPv6 that is allocated for the public internet (RFC 4291, IANA IPv6 address space). */
export const GLOBAL_UNICAST: Network = { bytes: Uint8Array.of(0x20, ...Array.from({ length: 15 }, () => 0)), bits: 3 };

/** NAT64 well-known prefix (RFC 6052). The last 32 bits are an IPv4 address, and that address is checked. */
export const NAT64_WELL_KNOWN = "64:ff9b::/96";
