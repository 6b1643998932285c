/** Unused bytes that a view may keep in memory. More than the slab of 8 KiB from which Node takes small buffers. */
const MAX_UNUSED_BYTES = 16 * 1024;

/**
 * Returns bytes that may be kept for long: a copy, if they are a small part of a larger buffer such as the body of a request, which they would
 * keep in memory.
 */
export function ownBytes<T extends Uint8Array>(bytes: T): T | Buffer {
  return bytes.buffer.byteLength - bytes.byteLength > MAX_UNUSED_BYTES ? Buffer.from(bytes) : bytes;
}
