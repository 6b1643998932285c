import { after, type Awaitable } from "../awaitable.ts";
import { ed25519FromSeed, ed25519Signer, ed25519Verifier } from "../crypto/ed25519.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { equalBytes } from "../encoding.ts";
import { invalid, parseSecret } from "../standard/secret.ts";

/** The supported algorithms of RFC 9421: `hmac-sha256` (section 3.3.3) and `ed25519` (section 3.3.6). */
export type HttpSignatureAlgorithm = "hmac-sha256" | "ed25519";

/**
 * A key for HTTP Message Signatures. Pass either a Standard Webhooks secret, whose prefix determines the algorithm,
 * or bytes and the algorithm. Ed25519 bytes are a 32-byte public key for verifying; a 32-byte seed or a 64-byte
 * secret key for signing. `keyId` is the value of the `keyid` parameter.
 */
export type HttpSignatureKey =
  | { readonly keyId?: string; readonly key: string }
  | { readonly keyId?: string; readonly algorithm: HttpSignatureAlgorithm; readonly key: Uint8Array };

/** A signing key, ready for use. */
export interface PreparedSigner {
  readonly keyId: string | undefined;
  readonly algorithm: HttpSignatureAlgorithm;
  sign(base: string): Awaitable<Uint8Array>;
}

/** A verifying key, ready for use. */
export interface PreparedVerifier {
  readonly keyId: string | undefined;
  readonly algorithm: HttpSignatureAlgorithm;
  verify(signature: Uint8Array, base: string): Awaitable<boolean>;
}

/** Prepares a signing key. Throws `secret_invalid` for a key that cannot sign. */
export function prepareSigner(input: HttpSignatureKey): PreparedSigner {
  const { algorithm, bytes, kind } = read(input);
  const { keyId } = input;
  if (algorithm === "hmac-sha256") {
    const key = hmacKey("sha256", bytes);
    return { keyId, algorithm, sign: (base) => key.mac([base]) };
  }
  if (kind === "public") throw invalid("A whpk_ key can only verify. Sign with the matching whsk_ key.");
  const sign = after(bytes.length === 32 ? ed25519FromSeed(bytes) : bytes, ed25519Signer);
  return { keyId, algorithm, sign: (base) => after(sign, (signBase) => signBase([base])) };
}

/** Prepares a verifying key. Throws `secret_invalid` for a key that cannot verify. */
export function prepareVerifier(input: HttpSignatureKey): PreparedVerifier {
  const { algorithm, bytes, kind } = read(input);
  const { keyId } = input;
  if (algorithm === "hmac-sha256") {
    const key = hmacKey("sha256", bytes);
    return { keyId, algorithm, verify: (given, base) => after(key.mac([base]), (mac) => equalBytes(given, mac)) };
  }
  if (kind === "secret") throw invalid("A whsk_ key is the sender's secret key. Verify with the matching whpk_ key.");
  const check = ed25519Verifier(bytes);
  return { keyId, algorithm, verify: (given, base) => given.length === 64 && check(given, [base]) };
}

function read(input: HttpSignatureKey): {
  algorithm: HttpSignatureAlgorithm;
  bytes: Uint8Array;
  kind: "symmetric" | "secret" | "public" | undefined;
} {
  if (!("algorithm" in input)) {
    const { kind, bytes } = parseSecret(input.key);
    return { algorithm: kind === "symmetric" ? "hmac-sha256" : "ed25519", bytes, kind };
  }
  if (input.key.length === 0) throw invalid("A key must have at least one byte.");
  return { algorithm: input.algorithm, bytes: input.key, kind: undefined };
}
