/** Names that no other test uses. */
import { randomBytes } from "node:crypto";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function letters(count: number): string {
  // 256 is not a multiple of 62, but the slight bias does not matter for names.
  return Array.from(randomBytes(count), (byte) => BASE62[byte % 62]).join("");
}

/** A random ID that belongs to no row. */
export function randomId(prefix: string): string {
  // Starts low, so that the 20 bytes behind the prefix do not overflow.
  return `${prefix}0${letters(26)}`;
}

/** A new organisation, isolated from those of other tests. */
export function organisationId(): string {
  return randomId("org_");
}

export function uid(kind = "uid"): string {
  return `${kind}-${letters(12)}`;
}

export function eventTypeName(): string {
  return `test.${letters(10)}`;
}
