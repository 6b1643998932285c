import { after, type Awaitable } from "../awaitable.ts";
import { concatBytes, decodeBase64Url, equalBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { MessageParts } from "./hmac.ts";
import { type NodeKey, nodeCrypto, subtle, webBytes } from "./runtime.ts";

/** Signs with Ed25519 (RFC 8032). The signature has 64 bytes. */
export type Ed25519Sign = (parts: MessageParts) => Awaitable<Uint8Array>;

/** Verifies an Ed25519 signature. Returns false for a signature of the wrong length. */
export type Ed25519Verify = (signature: Uint8Array, parts: MessageParts) => Awaitable<boolean>;

// Fixed DER prefixes of a 32-byte Ed25519 key (RFC 8410). All runtimes import SPKI and PKCS #8.
const SPKI_PREFIX = /* @__PURE__ */ Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0);
const PKCS8_PREFIX = /* @__PURE__ */ Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);

/** Prepares a verifier for a raw 32-byte public key. Throws `secret_invalid` for any other length. */
export function ed25519Verifier(publicKey: Uint8Array): Ed25519Verify {
  if (publicKey.length !== 32) throw wrongLength("public key", 32, publicKey.length);
  const der = concatBytes([SPKI_PREFIX, publicKey]);
  const node = nodeCrypto();
  if (node !== undefined) {
    const key = node.createPublicKey({ key: der, format: "der", type: "spki" });
    return (signature, parts) => node.verify(null, concatBytes(parts), key, signature);
  }
  let imported: Promise<CryptoKey> | undefined;
  return async (signature, parts) => {
    imported ??= subtle().importKey("spki", webBytes(der), "Ed25519", false, ["verify"]);
    const message = webBytes(concatBytes(parts));
    return subtle().verify("Ed25519", await imported, webBytes(signature), message);
  };
}

/**
 * Prepares a signer for a 64-byte secret key: 32-byte seed, then public key. Throws `secret_invalid` for any other
 * length and for a public key that does not belong to the seed (where cryptography is asynchronous, only when
 * signing).
 */
export function ed25519Signer(secretKey: Uint8Array): Ed25519Sign {
  if (secretKey.length !== 64) throw wrongLength("secret key", 64, secretKey.length);
  const der = concatBytes([PKCS8_PREFIX, secretKey.subarray(0, 32)]);
  const publicKey = secretKey.slice(32);
  const node = nodeCrypto();
  if (node !== undefined) {
    const key: NodeKey = node.createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    assertPair(node.createPublicKey(key).export({ format: "jwk" }).x, publicKey);
    return (parts) => node.sign(null, concatBytes(parts), key);
  }
  let imported: Promise<CryptoKey> | undefined;
  return async (parts) => {
    imported ??= importPrivate(der, publicKey);
    return new Uint8Array(await subtle().sign("Ed25519", await imported, webBytes(concatBytes(parts))));
  };
}

/** The 64-byte secret key (seed, then public key) for a 32-byte seed. */
export function ed25519FromSeed(seed: Uint8Array): Awaitable<Uint8Array> {
  if (seed.length !== 32) throw wrongLength("seed", 32, seed.length);
  const der = concatBytes([PKCS8_PREFIX, seed]);
  const node = nodeCrypto();
  const publicKey: Awaitable<string | undefined> =
    node === undefined
      ? importExtractable(der).then((key) => publicPart(key))
      : node
          .createPublicKey(node.createPrivateKey({ key: der, format: "der", type: "pkcs8" }))
          .export({ format: "jwk" }).x;
  return after(publicKey, (x) => concatBytes([seed, decodeBase64Url(x ?? "") ?? new Uint8Array(0)]));
}

async function importPrivate(der: Uint8Array, publicKey: Uint8Array): Promise<CryptoKey> {
  const key = await importExtractable(der);
  assertPair(await publicPart(key), publicKey);
  return key;
}

function importExtractable(der: Uint8Array): Promise<CryptoKey> {
  // Extractable, because WebCrypto derives a public key from a seed only by exporting it.
  return subtle().importKey("pkcs8", webBytes(der), "Ed25519", true, ["sign"]);
}

async function publicPart(key: CryptoKey): Promise<string | undefined> {
  return (await subtle().exportKey("jwk", key)).x;
}

function assertPair(derived: string | undefined, given: Uint8Array): void {
  const bytes = decodeBase64Url(derived ?? "");
  if (bytes !== undefined && equalBytes(given, bytes)) return;
  throw new WebhookError(
    "secret_invalid",
    "The Ed25519 secret key is inconsistent: bytes 32 to 63 must be the public key of the seed in bytes 0 to 31. " +
      "Generate a new key.",
  );
}

function wrongLength(what: string, wanted: number, got: number): WebhookError {
  return new WebhookError("secret_invalid", `An Ed25519 ${what} must have ${wanted} bytes; this one has ${got}.`);
}
