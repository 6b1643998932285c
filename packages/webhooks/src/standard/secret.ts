import { decodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/**
 * A Standard Webhooks secret or key: `whsec_` and Base64 of 24 to 75 bytes (HMAC), `whsk_` and Base64 of a 64-byte
 * Ed25519 secret key, `whpk_` and Base64 of a 32-byte Ed25519 public key; Base64 without a prefix counts as `whsec_`.
 * Bytes are an HMAC key as it is, of at least one byte.
 */
export type StandardSecret = string | Uint8Array;

/** A secret taken apart. */
export interface ParsedSecret {
  /** `symmetric` is an HMAC key, `secret` an Ed25519 secret key (64 bytes), `public` an Ed25519 public key (32). */
  readonly kind: "symmetric" | "secret" | "public";
  readonly bytes: Uint8Array;
}

/**
 * Reads a secret of any kind. Throws `secret_invalid` for anything else; the message never shows the secret.
 * Also takes `whsk1_` and `whpk1_`, which some senders write for the same keys.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (signature scheme)
 */
export function parseSecret(secret: StandardSecret): ParsedSecret {
  if (typeof secret !== "string") return { kind: "symmetric", bytes: inRange(secret, 1, Infinity) };
  const [, prefix = "sec", encoded = ""] = /^(?:wh(sec|sk1?|pk1?)_)?(.*)$/s.exec(secret) ?? [];
  const bytes = decodeBase64(encoded);
  if (bytes === undefined) {
    throw invalid(
      "The secret is not Base64 after whsec_, whsk_ or whpk_. Copy it without quotes or spaces; " +
        "give bytes when its text is the key.",
    );
  }
  if (prefix.startsWith("sk")) return { kind: "secret", bytes: inRange(bytes, 64, 64) };
  if (prefix.startsWith("pk")) return { kind: "public", bytes: inRange(bytes, 32, 32) };
  return { kind: "symmetric", bytes: inRange(bytes, 24, 75) };
}

/** The list form of one secret or several; throws `secret_invalid` when there is none. */
export function secretList(secrets: StandardSecret | readonly StandardSecret[]): readonly StandardSecret[] {
  const list = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets;
  if (list.length === 0) throw invalid("No secret was given. Pass at least one.");
  return list;
}

/** A `secret_invalid` error. */
export function invalid(message: string): WebhookError {
  return new WebhookError("secret_invalid", message);
}

function inRange(bytes: Uint8Array, least: number, most: number): Uint8Array {
  if (bytes.length >= least && bytes.length <= most) return bytes;
  throw invalid(`The secret has ${bytes.length} bytes; a key of this kind has ${least} to ${most}.`);
}
