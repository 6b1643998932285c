/** Unused bytes that a view may keep in memory. */
const MAX_UNUSED_BYTES = 16 * 1024;

/**
 * Returns bytes that may be kept for long: a copy in memory of its own, if they are a small part of a larger buffer which they would keep, such
 * as the body of a request, or the 64 KiB from which Node takes small buffers.
 */
export function ownBytes<T extends Uint8Array>(bytes: T): T | Buffer {
  if (bytes.buffer.byteLength - bytes.byteLength <= MAX_UNUSED_BYTES) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  return copy;
}
