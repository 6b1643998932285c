import type { PublicKeyInput } from "../crypto/public-key.ts";
import { decodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { parseJson } from "./payload.ts";

/**
 * A public key as a caller has it: PEM (`PUBLIC KEY` or `CERTIFICATE`), Base64 of either's DER, a JSON Web Key as
 * object or text, or what the provider prints (hex or Base64 of a raw key, `whpk_…`).
 */
export type KeyInput = string | JsonWebKey;

/** What a scheme asks {@link FetchKey} for. */
export interface KeyRequest {
  readonly provider: string;
  /** Address on the scheme's allow-list. Absent where the provider wants an authenticated API call: see `kid`. */
  readonly url?: string;
  /** Key id named by a token. */
  readonly kid?: string;
  /** Asks for another look, because a cached key set does not have the key. */
  readonly fresh?: boolean;
}

/** Gets a certificate, key or key set: its text, or a parsed JSON Web Key or set. May throw whatever it likes. */
export type FetchKey = (request: KeyRequest) => Promise<string | JsonWebKey | { readonly keys: readonly JsonWebKey[] }>;

/** DER bytes of a PEM block, or of Base64 without armour; `undefined` when it is neither. */
export function derBytes(text: string): Uint8Array | undefined {
  const armoured = /-----BEGIN [A-Z ]+-----([^-]+)-----END/.exec(text);
  return decodeBase64((armoured?.[1] ?? text).replace(/\s+/g, ""));
}

/** SubjectPublicKeyInfo or JWK from what a caller or a provider gives; throws `secret_invalid` otherwise. */
export function readPublicKey(input: KeyInput): PublicKeyInput {
  if (typeof input !== "string") return { jwk: input };
  if (input.trimStart().startsWith("{")) {
    const jwk = parseJson(input);
    if (typeof jwk === "object" && jwk !== null) return { jwk };
  }
  const spki = derBytes(input);
  if (spki !== undefined && spki.length > 0) return { spki };
  throw new WebhookError("secret_invalid", "The public key is neither PEM, nor Base64 of DER, nor a JSON Web Key.");
}
