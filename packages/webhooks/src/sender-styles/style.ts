import type { Awaitable } from "../awaitable.ts";
import { type HmacKey, hmacKey } from "../crypto/hmac.ts";
import { utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";

/** What is signed. The id is for styles that carry one in a header of their own. */
export interface StyleMessage {
  /** The exact bytes that are sent. */
  readonly body: Uint8Array | string;
  /** Time of this attempt in whole seconds since 1970. Ignored by styles that sign no time. */
  readonly timestampSeconds: number;
}

/** Signs in the manner of a known sender, for receivers that were written against it. */
export interface StyleSigner {
  /** The headers to send, names in the case given. */
  sign(message: StyleMessage): Promise<Record<string, string>>;
  /** As `sign`, where the runtime has `node:crypto`; throws `runtime_unsupported` elsewhere. */
  signSync(message: StyleMessage): Record<string, string>;
}

/** HMAC keys for secrets used as their text, newest first. Throws `secret_invalid` for none or an empty one. */
export function textKeys(secrets: string | readonly string[]): readonly [HmacKey, ...HmacKey[]] {
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map((secret) => {
    if (secret !== "") return hmacKey("sha256", utf8(secret));
    throw new WebhookError("secret_invalid", "A signing secret is empty. An empty secret signs for everybody.");
  });
  const [first, ...rest] = keys;
  if (first !== undefined) return [first, ...rest];
  throw new WebhookError("secret_invalid", "No secret was given. Pass at least one.");
}

/** Both forms of a signer from a function that may or may not need to wait. */
export function styleSigner(sign: (message: StyleMessage) => Awaitable<Record<string, string>>): StyleSigner {
  return {
    async sign(message) {
      return sign(message);
    },
    signSync(message) {
      const headers = sign(message);
      if (!(headers instanceof Promise)) return headers;
      headers.catch(() => undefined);
      throw new WebhookError(
        "runtime_unsupported",
        "This runtime has no synchronous crypto. Use await sign() instead.",
      );
    },
  };
}
