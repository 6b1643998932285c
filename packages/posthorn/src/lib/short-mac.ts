/**
 * HMAC-SHA256 (RFC 2104) of short messages, in base64. Two hashes in one call each take 1.4 µs for a message of 1 KiB, where an `Hmac` object
 * takes 2.3 µs and costs the garbage collector as much again as it saves here, because each object has memory outside the heap.
 */
import { hash } from "node:crypto";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER = 0x36;
const OUTER = 0x5c;
/** Longer messages are hashed from several parts instead of being copied here. */
const MAX_MESSAGE_BYTES = 16 * 1024;

/** A padded key and a message. Shared by all keys, which fill and use it synchronously. */
const inner = Buffer.allocUnsafeSlow(BLOCK_BYTES + MAX_MESSAGE_BYTES);
/** A padded key and the inner hash. */
const outer = Buffer.allocUnsafeSlow(BLOCK_BYTES + DIGEST_BYTES);

export class ShortMac {
  readonly #innerKey: Uint8Array;
  readonly #outerKey: Uint8Array;

  constructor(key: Uint8Array) {
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(key.byteLength > BLOCK_BYTES ? hash("sha256", key, "buffer") : key);
    this.#innerKey = block.map((byte) => byte ^ INNER);
    this.#outerKey = block.map((byte) => byte ^ OUTER);
  }

  /** @param prefix ASCII text. @returns `null` if the message is too long. */
  base64(prefix: string, body: Uint8Array): string | null {
    const bodyAt = BLOCK_BYTES + prefix.length;
    const end = bodyAt + body.byteLength;
    if (end > inner.byteLength) return null;
    inner.set(this.#innerKey);
    inner.write(prefix, BLOCK_BYTES, "latin1");
    inner.set(body, bodyAt);
    outer.set(this.#outerKey);
    // A text costs less than a buffer.
    outer.write(hash("sha256", inner.subarray(0, end), "binary"), BLOCK_BYTES, "binary");
    return hash("sha256", outer, "base64");
  }
}
