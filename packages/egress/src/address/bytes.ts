/** An IP address as bytes in network order: 4 for IPv4, 16 for IPv6. */
export type AddressBytes = Uint8Array;

/** A network. All bits of `bytes` after the first `bits` are zero. */
export interface Network {
  readonly bytes: AddressBytes;
  readonly bits: number;
}

const DECIMAL = /^(?:0|[1-9]\d{0,2})$/;
const HEXTET = /^[0-9a-f]{1,4}$/i;

/**
 * Parses an address in canonical form. IPv4 must be four decimal parts without leading zeros; octal, hexadecimal and
 * short forms are converted to it by the URL parser beforehand.
 *
 * @returns The bytes; `null` when `text` is not such an address. Zone IDs are not accepted.
 */
export function parseAddress(text: string): AddressBytes | null {
  return text.includes(":") ? parseIPv6(text) : parseIPv4(text);
}

function parseIPv4(text: string): AddressBytes | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!DECIMAL.test(part)) return null;
    const value = Number(part);
    if (value > 255) return null;
    bytes[index] = value;
  }
  return bytes;
}

function parseIPv6(text: string): AddressBytes | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = hextets(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? hextets(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[index * 2] = group >> 8;
    bytes[index * 2 + 1] = group & 0xff;
  }
  return bytes;
}

/** The 16-bit groups on one side of `::`. Dotted IPv4 is allowed only at the end of the address. */
function hextets(side: string, mayEndDotted: boolean): number[] | null {
  if (side === "") return [];
  const parts = side.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const v4 = mayEndDotted && index === parts.length - 1 ? parseIPv4(part) : null;
      if (v4 === null) return null;
      groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
    } else {
      if (!HEXTET.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/**
 * Formats an address: dotted IPv4, or IPv6 as recommended by RFC 5952 (lower case, the longest run of zeros
 * shortened).
 */
export function formatAddress(bytes: AddressBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push((bytes[index]! << 8) | bytes[index + 1]!);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":");
  return best.start < 0 ? hex(0, 8) : `${hex(0, best.start)}::${hex(best.start + best.length, 8)}`;
}

/**
 * Converts `::ffff:a.b.c.d`, which Node reports for IPv4 peers of dual-stack sockets, to the four bytes of the IPv4
 * address.
 */
export function unmap(bytes: AddressBytes): AddressBytes {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return bytes;
  for (let index = 0; index < 10; index++) if (bytes[index] !== 0) return bytes;
  return bytes.subarray(12);
}

/**
 * Parses `address/bits`, or a bare address as a network of one.
 *
 * @returns The network; `null` when the text is not one or has bits set after its length (`10.0.0.1/8` is a typing
 *   error).
 */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const size = bytes.length * 8;
  const suffix = slash < 0 ? String(size) : text.slice(slash + 1);
  if (!DECIMAL.test(suffix) || Number(suffix) > size) return null;
  const network = { bytes, bits: Number(suffix) };
  for (let bit = network.bits; bit < size; bit++) {
    if ((bytes[bit >> 3]! & (0x80 >> (bit & 7))) !== 0) return null;
  }
  return network;
}

/** Whether `address` lies in `network`. Always false for addresses of the other family. */
export function inNetwork(address: AddressBytes, network: Network): boolean {
  const { bytes, bits } = network;
  if (address.length !== bytes.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (address[index] !== bytes[index]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (address[whole]! & mask) === (bytes[whole]! & mask);
}

/** Whether both are the same address. */
export function sameAddress(a: AddressBytes, b: AddressBytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
