import { after, type Awaitable } from "../awaitable.ts";
import { ed25519FromSeed, ed25519Signer, ed25519Verifier } from "../crypto/ed25519.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { equalBytes } from "../encoding.ts";
import { invalid, parseSecret } from "../standard/secret.ts";

/** The two algorithms of RFC 9421 that webhooks need (sections 3.3.3 and 3.3.6). */
export type HttpSignatureAlgorithm = "hmac-sha256" | "ed25519";

/**
 * A key for HTTP Message Signatures: a Standard Webhooks text, whose prefix tells the algorithm, or bytes with the
 * algorithm named. Ed25519 bytes are a 32-byte public key to verify, a 32-byte seed or a 64-byte secret key to sign.
 */
export type HttpSignatureKey =
  | { readonly keyId?: string; readonly key: string }
  | { readonly keyId?: string; readonly algorithm: HttpSignatureAlgorithm; readonly key: Uint8Array };

export interface PreparedSigner {
  readonly keyId: string | undefined;
  readonly algorithm: HttpSignatureAlgorithm;
  sign(base: string): Awaitable<Uint8Array>;
}

export interface PreparedVerifier {
  readonly keyId: string | undefined;
  readonly algorithm: HttpSignatureAlgorithm;
  verify(signature: Uint8Array, base: string): Awaitable<boolean>;
}

/** Makes a signing key ready. Throws `secret_invalid` for a key that cannot sign. */
export function prepareSigner(input: HttpSignatureKey): PreparedSigner {
  const { algorithm, bytes, kind } = read(input);
  const { keyId } = input;
  if (algorithm === "hmac-sha256") {
    const key = hmacKey("sha256", bytes);
    return { keyId, algorithm, sign: (base) => key.mac([base]) };
  }
  if (kind === "public") throw invalid("A whpk_ key only verifies. Sign with the whsk_ key it belongs to.");
  const sign = after(bytes.length === 32 ? ed25519FromSeed(bytes) : bytes, ed25519Signer);
  return { keyId, algorithm, sign: (base) => after(sign, (signBase) => signBase([base])) };
}

/** Makes a verifying key ready. Throws `secret_invalid` for a key that cannot verify. */
export function prepareVerifier(input: HttpSignatureKey): PreparedVerifier {
  const { algorithm, bytes, kind } = read(input);
  const { keyId } = input;
  if (algorithm === "hmac-sha256") {
    const key = hmacKey("sha256", bytes);
    return { keyId, algorithm, verify: (given, base) => after(key.mac([base]), (mac) => equalBytes(given, mac)) };
  }
  if (kind === "secret") throw invalid("A whsk_ key belongs to the sender. Verify with the whpk_ key it gives you.");
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
  if (input.key.length === 0) throw invalid("A key has at least one byte.");
  return { algorithm: input.algorithm, bytes: input.key, kind: undefined };
}
