import { createHash } from "node:crypto";

/** Hash under which a random token is stored. */
export function hashToken(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
