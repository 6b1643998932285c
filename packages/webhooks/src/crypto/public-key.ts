import type { Awaitable } from "../awaitable.ts";
import { concatBytes } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { MessageParts } from "./hmac.ts";
import {
  type HashName,
  type NodeCrypto,
  type NodeKey,
  nodePublicKeyCrypto,
  subtle,
  webBytes,
  webHashName,
} from "./runtime.ts";

/**
 * Signature algorithms besides Ed25519: ECDSA (FIPS 186-5), with curve and hash named separately because certificates
 * combine them freely, and RSASSA-PKCS1-v1_5 (RFC 8017). `rsa-sha1` exists only for old senders such as Travis CI.
 */
export type PublicKeyAlgorithm =
  | "ecdsa-p256-sha256"
  | "ecdsa-p256-sha384"
  | "ecdsa-p384-sha256"
  | "ecdsa-p384-sha384"
  | "rsa-sha1"
  | "rsa-sha256"
  | "rsa-sha384"
  | "rsa-sha512";

/** A public key as SubjectPublicKeyInfo in DER (the content of a `PUBLIC KEY` PEM) or as a JSON Web Key (RFC 7517). */
export type PublicKeyInput = { readonly spki: Uint8Array } | { readonly jwk: JsonWebKey };

/** A prepared public key. */
export interface PublicKey {
  /**
   * Verifies a signature over the parts. ECDSA signatures are r and s concatenated, as in JWS; convert the ASN.1 form
   * with {@link ecdsaSignatureFromDer}. Returns false for a malformed signature.
   */
  verify(signature: Uint8Array, parts: MessageParts): Awaitable<boolean>;
}

/**
 * Prepares a public key. An unreadable key throws `secret_invalid`: immediately on Node, Deno and Bun, at the first
 * `verify` elsewhere.
 */
export function publicKey(algorithm: PublicKeyAlgorithm, input: PublicKeyInput): PublicKey {
  const node = nodePublicKeyCrypto();
  return node === undefined ? webPublicKey(algorithm, input) : nodePublicKey(node, algorithm, input);
}

/** Converts an ASN.1 DER ECDSA signature to r and s concatenated (IEEE P1363); `undefined` when it is not one. */
export function ecdsaSignatureFromDer(der: Uint8Array, curve: "p256" | "p384"): Uint8Array | undefined {
  const size = curve === "p256" ? 32 : 48;
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const out = new Uint8Array(size * 2);
  let offset = 2;
  for (let part = 0; part < 2; part += 1) {
    const length = der[offset + 1] ?? 0;
    const start = offset + 2;
    if (der[offset] !== 0x02 || length === 0 || length >= 0x80 || start + length > der.length) return undefined;
    const integer = der.subarray(start, start + length);
    // DER allows one leading zero, to keep the integer positive. A second zero or a negative number is invalid.
    const padded = integer[0] === 0 && length > 1;
    if (integer[0]! >= 0x80 || (padded && integer[1]! < 0x80)) return undefined;
    const digits = padded ? integer.subarray(1) : integer;
    if (digits.length > size) return undefined;
    out.set(digits, size * (part + 1) - digits.length);
    offset = start + length;
  }
  return offset === der.length ? out : undefined;
}

function nodePublicKey(node: NodeCrypto, algorithm: PublicKeyAlgorithm, input: PublicKeyInput): PublicKey {
  const hash = hashOf(algorithm);
  let key: NodeKey;
  try {
    key = node.createPublicKey(
      "jwk" in input ? { key: input.jwk, format: "jwk" } : { key: input.spki, format: "der", type: "spki" },
    );
  } catch (cause) {
    throw unreadable(algorithm, cause);
  }
  assertKind(algorithm, key);
  return {
    verify(signature, parts) {
      try {
        return node.verify(hash, concatBytes(parts), { key, dsaEncoding: "ieee-p1363" }, signature);
      } catch {
        return false; // OpenSSL throws for some malformed signatures.
      }
    },
  };
}

function webPublicKey(algorithm: PublicKeyAlgorithm, input: PublicKeyInput): PublicKey {
  const hash = webHashName(hashOf(algorithm));
  const parameters = algorithm.startsWith("rsa")
    ? { name: "RSASSA-PKCS1-v1_5", hash }
    : { name: "ECDSA", hash, namedCurve: algorithm.includes("p384") ? "P-384" : "P-256" };
  let imported: Promise<CryptoKey> | undefined;
  return {
    async verify(signature, parts) {
      imported ??=
        "jwk" in input
          ? subtle().importKey("jwk", input.jwk, parameters, false, ["verify"])
          : subtle().importKey("spki", webBytes(input.spki), parameters, false, ["verify"]);
      let key;
      try {
        key = await imported;
      } catch (cause) {
        throw unreadable(algorithm, cause);
      }
      return subtle().verify(parameters, key, webBytes(signature), webBytes(concatBytes(parts)));
    },
  };
}

/**
 * Rejects a key of another kind. OpenSSL would verify with any key, and an attacker who may choose the key must not
 * be able to choose its kind.
 */
function assertKind(algorithm: PublicKeyAlgorithm, key: NodeKey): void {
  const kind = algorithm.startsWith("rsa") ? "rsa" : "ec";
  const curve = algorithm.includes("p384") ? "secp384r1" : "prime256v1";
  const matches = key.asymmetricKeyType === kind && (kind === "rsa" || key.asymmetricKeyDetails?.namedCurve === curve);
  if (!matches) throw unreadable(algorithm);
}

function hashOf(algorithm: PublicKeyAlgorithm): HashName {
  return algorithm.slice(algorithm.lastIndexOf("-") + 1) as HashName;
}

function unreadable(algorithm: PublicKeyAlgorithm, cause?: unknown): WebhookError {
  return new WebhookError(
    "secret_invalid",
    `The public key is not a valid key for ${algorithm}. Pass a PUBLIC KEY PEM (SubjectPublicKeyInfo) or a JWK.`,
    {},
    cause === undefined ? undefined : { cause },
  );
}
