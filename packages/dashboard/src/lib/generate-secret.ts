const BYTES = 32;

/** Generates a random secret of 256 bits in hexadecimal. Every provider that lets users choose a secret accepts this format. */
export function generateSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
