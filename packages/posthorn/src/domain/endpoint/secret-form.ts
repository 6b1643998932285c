/**
 * Forms of a signing secret: `whsec_` and a base64 key, `whsk_` and an Ed25519 key pair, or `text:` and a text whose bytes are the key.
 * The last form is for secrets that a product issued to its customers before it used Posthorn.
 */
import type { StandardSecret } from "@posthorn/webhooks";

const TEXT_PREFIX = "text:";

/** Key for Standard Webhooks and HTTP Message Signatures: the bytes of a text secret; any other secret unchanged. */
export function keyOf(secret: string): StandardSecret {
  return secret.startsWith(TEXT_PREFIX) ? Buffer.from(textOf(secret), "utf8") : secret;
}

/** Key for signature formats that do not decode secrets: the whole text, including `whsec_`. */
export function textOf(secret: string): string {
  return secret.startsWith(TEXT_PREFIX) ? secret.slice(TEXT_PREFIX.length) : secret;
}

/** Whether it is an Ed25519 key pair. */
export function isAsymmetric(secret: string): boolean {
  return secret.startsWith("whsk");
}

/** Allowed length of a text secret. A shorter one could be guessed. */
const TEXT_LENGTH = { min: 16, max: 256 } as const;

/** Reason why a text secret is invalid; `null` if it is valid or has another form. */
export function textProblem(secret: string): string | null {
  if (!secret.startsWith(TEXT_PREFIX)) return null;
  const { length } = textOf(secret);
  if (length >= TEXT_LENGTH.min && length <= TEXT_LENGTH.max) return null;
  return `The text after "${TEXT_PREFIX}" has ${length} characters; it must have ${TEXT_LENGTH.min} to ${TEXT_LENGTH.max}.`;
}
