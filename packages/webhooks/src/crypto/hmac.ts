import { after, type Awaitable } from "../awaitable.ts";
import { concatBytes, encodeBytes, type TextEncoding, utf8 } from "../encoding.ts";
import { type HashName, type NodeCrypto, nodeCrypto, subtle, webBytes, webHashName } from "./runtime.ts";

/** Parts of a message, processed in order. Strings are encoded as UTF-8. */
export type MessageParts = readonly (Uint8Array | string)[];

/** A prepared HMAC key (RFC 2104). On Node, preparing it costs about 8 µs and using it about 2 µs. */
export interface HmacKey {
  /** The MAC as bytes. Synchronous where the runtime has synchronous cryptography. */
  mac(parts: MessageParts): Awaitable<Uint8Array>;
  /** The MAC as text. Comparing it with `equalText` is cheaper than decoding the signature in the request. */
  macText(parts: MessageParts, encoding: TextEncoding): Awaitable<string>;
}

/**
 * Prepares a key of at least one byte, given as bytes (which are copied) or as text (whose UTF-8 bytes are the key).
 */
export function hmacKey(hash: HashName, secret: Uint8Array | string): HmacKey {
  const node = nodeCrypto();
  return node === undefined ? webHmacKey(hash, secret) : nodeHmacKey(node, hash, secret);
}

/** Computes one MAC. For more than one, prepare an {@link HmacKey}. */
export function hmac(hash: HashName, secret: Uint8Array, parts: MessageParts): Awaitable<Uint8Array> {
  return hmacKey(hash, secret).mac(parts);
}

function nodeHmacKey(node: NodeCrypto, hash: HashName, secret: Uint8Array | string): HmacKey {
  // Measured on Node 24: createHmac takes 1.8 µs with a KeyObject (which takes 1.1 µs to create), 1.9 µs with a string and
  // 10.6 µs with bytes. So a string becomes a KeyObject only when it is used a second time.
  let key = typeof secret === "string" ? secret : node.createSecretKey(secret);
  let used = false;
  const start = (parts: MessageParts) => {
    if (used && typeof key === "string") key = node.createSecretKey(utf8(key));
    used = true;
    const state = node.createHmac(hash, key);
    for (const part of parts) state.update(part);
    return state;
  };
  return {
    mac: (parts) => start(parts).digest(),
    macText: (parts, encoding) => start(parts).digest(encoding),
  };
}

function webHmacKey(hash: HashName, secret: Uint8Array | string): HmacKey {
  const algorithm = { name: "HMAC", hash: webHashName(hash) };
  const bytes = webBytes(typeof secret === "string" ? utf8(secret) : secret.slice());
  let imported: Promise<CryptoKey> | undefined;
  const mac = async (parts: MessageParts): Promise<Uint8Array> => {
    imported ??= subtle().importKey("raw", bytes, algorithm, false, ["sign"]);
    const key = await imported;
    return new Uint8Array(await subtle().sign("HMAC", key, webBytes(concatBytes(parts))));
  };
  return {
    mac,
    macText: (parts, encoding) => after(mac(parts), (bytesOfMac) => encodeBytes(bytesOfMac, encoding)),
  };
}
