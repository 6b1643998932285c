/**
 * One DER element: a reader for the subset that X.509 certificates use (definite lengths, low tag numbers). Every
 * access is bounds-checked; malformed input yields `undefined` and never throws.
 */
export interface DerNode {
  readonly tag: number;
  /** The whole element including its header. The signature of a certificate covers these bytes. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

export const DER_BIT_STRING = 0x03;
export const DER_OCTET_STRING = 0x04;
export const DER_OID = 0x06;
export const DER_SEQUENCE = 0x30;

/** The element at `offset`; `undefined` when there is none. */
export function readDer(bytes: Uint8Array, offset = 0): DerNode | undefined {
  const tag = bytes[offset];
  let length = bytes[offset + 1];
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let start = offset + 2;
  if (length > 0x7f) {
    const count = length & 0x7f;
    if (count === 0 || count > 3) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) {
      const byte = bytes[start++];
      if (byte === undefined) return undefined;
      length = length * 256 + byte;
    }
  }
  if (start + length > bytes.length) return undefined;
  return { tag, raw: bytes.subarray(offset, start + length), content: bytes.subarray(start, start + length) };
}

/** Children of a constructed element; `undefined` when one of them is malformed. */
export function derChildren(node: DerNode | undefined): readonly DerNode[] | undefined {
  if (node === undefined || (node.tag & 0x20) === 0) return undefined;
  const children: DerNode[] = [];
  for (let offset = 0; offset < node.content.length;) {
    const child = readDer(node.content, offset);
    if (child === undefined) return undefined;
    children.push(child);
    offset += child.raw.length;
  }
  return children;
}

/** An object identifier as lower-case hexadecimal of its content, which is enough for comparison. */
export function derOid(node: DerNode | undefined): string {
  if (node?.tag !== DER_OID) return "";
  return Array.from(node.content, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
