import type { PublicKeyInput } from "../crypto/public-key.ts";
import { decodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { parseJson } from "./payload.ts";

/**
 * A public key in any common form: PEM (`PUBLIC KEY` or `CERTIFICATE`), Base64 of the DER of either, a JSON Web Key
 * as an object or as text, or the form that the provider displays (hexadecimal or Base64 of a raw key, `whpk_…`).
 */
export type KeyInput = string | JsonWebKey;

/** Request of a scheme to a {@link FetchKey}. */
export interface KeyRequest {
  /** ID of the provider. */
  readonly provider: string;
  /** URL on the scheme's allow list. Absent when the provider requires an authenticated API call: see `kid`. */
  readonly url?: string;
  /** Key ID named by a token. */
  readonly kid?: string;
  /** Bypasses the cache, because the cached key set does not contain the key. */
  readonly fresh?: boolean;
}

/** Fetches a certificate, key or key set: its text, or a parsed JSON Web Key or key set. May throw any error. */
export type FetchKey = (request: KeyRequest) => Promise<string | JsonWebKey | { readonly keys: readonly JsonWebKey[] }>;

/** DER bytes of a PEM block or of plain Base64; `undefined` when the text is neither. */
export function derBytes(text: string): Uint8Array | undefined {
  const armoured = /-----BEGIN [A-Z ]+-----([^-]+)-----END/.exec(text);
  return decodeBase64((armoured?.[1] ?? text).replace(/\s+/g, ""));
}

/** SubjectPublicKeyInfo or JWK from what a caller or provider supplies. Throws `secret_invalid` for anything else. */
export function readPublicKey(input: KeyInput): PublicKeyInput {
  if (typeof input !== "string") return { jwk: input };
  if (input.trimStart().startsWith("{")) {
    const jwk = parseJson(input);
    if (typeof jwk === "object" && jwk !== null) return { jwk };
  }
  const spki = derBytes(input);
  if (spki !== undefined && spki.length > 0) return { spki };
  throw new WebhookError("secret_invalid", "The public key is not PEM, Base64-encoded DER or a JSON Web Key.");
}
