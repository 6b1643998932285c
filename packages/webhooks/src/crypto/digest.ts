import type { Awaitable } from "../awaitable.ts";
import { concatBytes } from "../encoding.ts";
import type { MessageParts } from "./hmac.ts";
import { type HashName, nodeCrypto, subtle, webBytes, webHashName } from "./runtime.ts";

/** Hashes the concatenated parts. Synchronous where the runtime has synchronous cryptography, otherwise a promise. */
export function digest(hash: HashName, parts: MessageParts): Awaitable<Uint8Array> {
  const node = nodeCrypto();
  if (node === undefined) return webDigest(hash, parts);
  const state = node.createHash(hash);
  for (const part of parts) state.update(part);
  return state.digest();
}

async function webDigest(hash: HashName, parts: MessageParts): Promise<Uint8Array> {
  return new Uint8Array(await subtle().digest(webHashName(hash), webBytes(concatBytes(parts))));
}
