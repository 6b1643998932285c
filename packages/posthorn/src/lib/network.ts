/** IP addresses and networks in CIDR notation. */
import { BlockList, isIP } from "node:net";

export interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

/** The network that a text names: an address, or a network such as `10.1.0.0/16`. `null` if it is neither. */
export function parseNetwork(text: string): Network | null {
  const [address = "", length, more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more !== undefined) return null;
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bits < 0 || bits > most) return null;
  return { address, bits, family: family === 4 ? "ipv4" : "ipv6" };
}

/** Returns a check whether an address is in one of the networks. Texts that name no network match nothing. */
export function networkCheck(texts: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network !== null) list.addSubnet(network.address, network.bits, network.family);
  }
  return (address) => {
    const plain = unmapped(address);
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? "ipv4" : "ipv6");
  };
}

/** Whether each address of `inner` is in one of the networks. */
export function isWithin(inner: string, networks: readonly string[]): boolean {
  const network = parseNetwork(inner);
  if (network === null) return false;
  return networks.some((text) => {
    const outer = parseNetwork(text);
    return outer !== null && outer.bits <= network.bits && networkCheck([text])(network.address);
  });
}

/** Converts an IPv4-mapped IPv6 address, as dual-stack sockets report it, to IPv4. */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
