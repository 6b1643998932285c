import { after, type Awaitable } from "../awaitable.ts";
import { ed25519FromSeed } from "../crypto/ed25519.ts";
import { encodeBase64 } from "../encoding.ts";
import { invalid, parseSecret } from "./secret.ts";

/** Where key material comes from. */
export interface GenerateOptions {
  /** Fills the array with random bytes. Defaults to `crypto.getRandomValues`. */
  readonly random?: (bytes: Uint8Array) => Uint8Array;
  /** Length of a symmetric secret, 24 to 64 bytes. Defaults to 32. */
  readonly bytes?: number;
}

/** An Ed25519 pair: the sender keeps `secretKey` (`whsk_…`), receivers get `publicKey` (`whpk_…`). */
export interface GeneratedKeyPair {
  readonly secretKey: string;
  readonly publicKey: string;
}

/** A new `whsec_` secret for `v1` signatures. */
export function generateSecret(options: GenerateOptions = {}): string {
  const length = options.bytes ?? 32;
  if (!Number.isInteger(length) || length < 24 || length > 64) {
    throw invalid(`A secret has 24 to 64 bytes; ${length} were asked for.`);
  }
  return `whsec_${encodeBase64(randomBytes(length, options))}`;
}

/** A new Ed25519 pair for `v1a` signatures. */
export async function generateKeyPair(options: GenerateOptions = {}): Promise<GeneratedKeyPair> {
  const bytes = await ed25519FromSeed(randomBytes(32, options));
  return { secretKey: `whsk_${encodeBase64(bytes)}`, publicKey: `whpk_${encodeBase64(bytes.subarray(32))}` };
}

/** The `whpk_` key of a `whsk_` key: what a sender publishes to its receivers. */
export function publicKeyOf(secretKey: string): string {
  const { kind, bytes } = parseSecret(secretKey);
  if (kind !== "secret") throw invalid("Only a whsk_ secret key has a public key.");
  return `whpk_${encodeBase64(bytes.subarray(32))}`;
}

/** The whole `whsk_` key for a 32-byte Ed25519 seed, for keys that come from elsewhere. */
export function secretKeyFromSeed(seed: Uint8Array): Awaitable<string> {
  return after(ed25519FromSeed(seed), (bytes) => `whsk_${encodeBase64(bytes)}`);
}

function randomBytes(length: number, options: GenerateOptions): Uint8Array {
  const bytes = new Uint8Array(length);
  return options.random === undefined ? crypto.getRandomValues(bytes) : options.random(bytes);
}
