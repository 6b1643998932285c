import type { Awaitable } from "../awaitable.ts";
import { type HmacKey, hmacKey } from "../crypto/hmac.ts";
import { utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/** A message to sign. */
export interface StyleMessage {
  /** The exact bytes that are sent. */
  readonly body: Uint8Array | string;
  /** Time of this attempt in whole seconds since the Unix epoch. Ignored by formats that sign no timestamp. */
  readonly timestampSeconds: number;
}

/** Signs in the format of a well-known sender, for receivers that were written for it. */
export interface StyleSigner {
  /** Headers to send, with their names in the original case. */
  sign(message: StyleMessage): Promise<Record<string, string>>;
  /** Like `sign`, without a promise. Needs `node:crypto`; throws `runtime_unsupported` elsewhere. */
  signSync(message: StyleMessage): Record<string, string>;
}

/** HMAC keys for secrets that are used as text, newest first. Throws `secret_invalid` for no secret or an empty one. */
export function textKeys(secrets: string | readonly string[]): readonly [HmacKey, ...HmacKey[]] {
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map((secret) => {
    if (secret !== "") return hmacKey("sha256", utf8(secret));
    throw new WebhookError("secret_invalid", "A signing secret is empty. Anyone could forge signatures made with it.");
  });
  const [first, ...rest] = keys;
  if (first !== undefined) return [first, ...rest];
  throw new WebhookError("secret_invalid", "No secret was given. Pass at least one.");
}

/** Builds both forms of a signer from a function that may be asynchronous. */
export function styleSigner(sign: (message: StyleMessage) => Awaitable<Record<string, string>>): StyleSigner {
  return {
    async sign(message) {
      return sign(message);
    },
    signSync(message) {
      const headers = sign(message);
      if (!(headers instanceof Promise)) return headers;
      headers.catch(() => undefined);
      throw new WebhookError("runtime_unsupported", "This runtime has no synchronous cryptography. Use await sign().");
    },
  };
}
