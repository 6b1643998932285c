const BYTES = 32;

/** A random secret of 256 bits in hexadecimal, which every provider accepts that lets its users choose one. */
export function generateSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
