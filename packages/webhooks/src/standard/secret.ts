import { decodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/**
 * A Standard Webhooks secret or key.
 *
 * - `whsec_` and Base64 of 24 to 75 bytes: symmetric secret (HMAC-SHA256). Base64 without a prefix is read the same
 *   way.
 * - `whsk_` and Base64 of 64 bytes: Ed25519 secret key, for signing.
 * - `whpk_` and Base64 of 32 bytes: Ed25519 public key, for verifying.
 * - `Uint8Array`: an HMAC key as it is, at least one byte.
 */
export type StandardSecret = string | Uint8Array;

/** A decoded secret or key. */
export interface ParsedSecret {
  /**
   * `symmetric` is an HMAC key, `secret` an Ed25519 secret key (64 bytes), `public` an Ed25519 public key (32 bytes).
   */
  readonly kind: "symmetric" | "secret" | "public";
  /** The decoded key. */
  readonly bytes: Uint8Array;
}

/**
 * Decodes a secret or key of any kind. Also accepts `whsk1_` and `whpk1_`, which some senders write for the same
 * keys.
 *
 * @param secret Text with an optional prefix, or the bytes of an HMAC key.
 * @returns The kind of key and its bytes.
 * @throws {WebhookError} `secret_invalid` for anything else. The message never contains the secret.
 * @see Standard Webhooks, "Signature scheme":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { parseSecret } from "@posthorn/webhooks";
 *
 * const { kind, bytes } = parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * console.log(kind, bytes.length); // symmetric 24
 * ```
 */
export function parseSecret(secret: StandardSecret): ParsedSecret {
  if (typeof secret !== "string") return { kind: "symmetric", bytes: inRange(secret, 1, Infinity) };
  const [, prefix = "sec", encoded = ""] = /^(?:wh(sec|sk1?|pk1?)_)?(.*)$/s.exec(secret) ?? [];
  const bytes = decodeBase64(encoded);
  if (bytes === undefined) {
    throw invalid(
      "The secret is not Base64 after its whsec_, whsk_ or whpk_ prefix. Copy it without quotes or spaces. " +
        "If the text itself is the key, pass its bytes.",
    );
  }
  if (prefix.startsWith("sk")) return { kind: "secret", bytes: inRange(bytes, 64, 64) };
  if (prefix.startsWith("pk")) return { kind: "public", bytes: inRange(bytes, 32, 32) };
  return { kind: "symmetric", bytes: inRange(bytes, 24, 75) };
}

/** One secret or several as a list. Throws `secret_invalid` for an empty list. */
export function secretList(secrets: StandardSecret | readonly StandardSecret[]): readonly StandardSecret[] {
  const list = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets;
  if (list.length === 0) throw invalid("No secret was given. Pass at least one.");
  return list;
}

/** Creates a `secret_invalid` error. */
export function invalid(message: string): WebhookError {
  return new WebhookError("secret_invalid", message);
}

function inRange(bytes: Uint8Array, least: number, most: number): Uint8Array {
  if (bytes.length >= least && bytes.length <= most) return bytes;
  throw invalid(`The secret has ${bytes.length} bytes; a key of this kind must have ${least} to ${most}.`);
}
