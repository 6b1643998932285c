/**
 * Forms of a signing secret: `whsec_` and a key in base64, `whsk_` and an Ed25519 key pair, or `text:` and a text whose bytes are the key,
 * for secrets that a product gave its customers before it used Posthorn.
 */
import type { StandardSecret } from "@posthorn/webhooks";

const TEXT_PREFIX = "text:";

/** What signs in Standard Webhooks and HTTP Message Signatures: a text secret as its bytes, any other as it is written. */
export function keyOf(secret: string): StandardSecret {
  return secret.startsWith(TEXT_PREFIX) ? Buffer.from(textOf(secret), "utf8") : secret;
}

/** The text that is the key in the formats of senders that do not decode secrets: all of it, `whsec_` included. */
export function textOf(secret: string): string {
  return secret.startsWith(TEXT_PREFIX) ? secret.slice(TEXT_PREFIX.length) : secret;
}

/** Whether it is an Ed25519 key pair. */
export function isAsymmetric(secret: string): boolean {
  return secret.startsWith("whsk");
}

/** Characters of the text of a secret: fewer can be guessed. */
const TEXT_LENGTH = { min: 16, max: 256 } as const;

/** What is wrong with a text secret; `null` when it is fine, or has another form. */
export function textTrouble(secret: string): string | null {
  if (!secret.startsWith(TEXT_PREFIX)) return null;
  const { length } = textOf(secret);
  if (length >= TEXT_LENGTH.min && length <= TEXT_LENGTH.max) return null;
  return `The text after "${TEXT_PREFIX}" has ${length} characters; it must have ${TEXT_LENGTH.min} to ${TEXT_LENGTH.max}.`;
}
