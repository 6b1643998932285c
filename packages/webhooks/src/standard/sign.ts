import { after, type Awaitable } from "../awaitable.ts";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { hmacKey, type MessageParts } from "../crypto/hmac.ts";
import { encodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { invalid, parseSecret, secretList, type StandardSecret } from "./secret.ts";

/** Signs messages with one key or, during a rotation, with several. Created by {@link createSigner}. */
export interface StandardSigner {
  /**
   * Computes the value of the signature header: one `v1,…` or `v1a,…` part per secret, in the order of the secrets.
   *
   * @param id Message ID, the same on every retry: visible ASCII without a full stop.
   * @param timestampSeconds Time of this attempt in whole seconds since the Unix epoch.
   * @param body The exact bytes that are sent.
   * @throws {WebhookError} `id_invalid` for an ID with a full stop, `argument_invalid` for another unusable ID or
   *   timestamp.
   */
  sign(id: string, timestampSeconds: number, body: Uint8Array | string): Promise<string>;
  /**
   * Like `sign`, without a promise: about 2 µs per symmetric secret for a body of 1 KiB. Needs `node:crypto` (Node
   * 20.16 and later, Deno, Bun); throws `runtime_unsupported` elsewhere.
   */
  signSync(id: string, timestampSeconds: number, body: Uint8Array | string): string;
}

/** A message to sign, and the headers to produce. */
export interface StandardMessage {
  /** Message ID, the same on every retry: visible ASCII without a full stop. */
  readonly id: string;
  /** Time of this attempt, rounded down to whole seconds. Defaults to now. */
  readonly timestamp?: Date;
  /** The exact body that is sent. Strings are encoded as UTF-8. */
  readonly body: Uint8Array | string;
  /** Header names: `webhook-…` (the default), `svix-…`, or both for receivers that still read the older names. */
  readonly headerFamily?: "webhook" | "svix" | "both";
}

/** Signs with one secret. */
interface PartSigner {
  /** What its parts of the header begin with. */
  readonly version: "v1," | "v1a,";
  /** Computes the signature in base64. */
  signature(message: MessageParts): Awaitable<string>;
}

/**
 * Prepares a signer, so that secrets are decoded and keys imported only once. `whsec_` secrets produce `v1`
 * signatures (HMAC-SHA256), `whsk_` keys produce `v1a` signatures (Ed25519).
 *
 * @param secrets One secret, or several during a rotation, newest first.
 * @returns A signer that can be used for any number of messages.
 * @throws {WebhookError} `secret_invalid` for a secret that cannot sign.
 * @see Standard Webhooks, "Signature scheme":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { createSigner } from "@posthorn/webhooks";
 *
 * const signer = createSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * const signature = await signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}');
 * console.log(signature); // v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
 * ```
 */
export function createSigner(secrets: StandardSecret | readonly StandardSecret[]): StandardSigner {
  const signers = secretList(secrets).map(signerFor);
  const single = signers.length === 1 ? signers[0] : undefined;
  return {
    async sign(id, timestampSeconds, body) {
      const prefix = signedPrefix(id, timestampSeconds);
      const signatures: string[] = [];
      for (const signer of signers) signatures.push(signer.version + (await signer.signature([prefix, body])));
      return signatures.join(" ");
    },
    signSync(id, timestampSeconds, body) {
      const prefix = signedPrefix(id, timestampSeconds);
      if (single !== undefined) return single.version + settled(single.signature([prefix, body]));
      return signers.map((signer) => signer.version + settled(signer.signature([prefix, body]))).join(" ");
    },
  };
}

/**
 * Signs one message and returns the headers to send with it. For many messages, prepare a signer with {@link
 * createSigner}.
 *
 * @param message ID, body, and optionally timestamp and header names.
 * @param secrets One secret, or several during a rotation, newest first.
 * @returns The three headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, in lower case; six with
 *   `headerFamily: "both"`.
 * @throws {WebhookError} `secret_invalid` for a secret that cannot sign, `id_invalid` for an ID with a full stop,
 *   `argument_invalid` for another unusable ID or timestamp.
 * @see Standard Webhooks, "Webhook headers":
 *   https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { sign } from "@posthorn/webhooks";
 *
 * const message = {
 *   id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
 *   timestamp: new Date("2021-02-25T15:02:10Z"),
 *   body: '{"test": 2432232314}',
 * };
 * const headers = await sign(message, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 * console.log(headers["webhook-timestamp"]); // 1614265330
 * console.log(headers["webhook-signature"]); // v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
 * ```
 */
export async function sign(
  message: StandardMessage,
  secrets: StandardSecret | readonly StandardSecret[],
): Promise<Record<string, string>> {
  const seconds = Math.floor((message.timestamp?.getTime() ?? Date.now()) / 1000);
  const signature = await createSigner(secrets).sign(message.id, seconds, message.body);
  const headers: Record<string, string> = {};
  const family = message.headerFamily ?? "webhook";
  for (const name of family === "both" ? (["webhook", "svix"] as const) : [family]) {
    headers[`${name}-id`] = message.id;
    headers[`${name}-timestamp`] = String(seconds);
    headers[`${name}-signature`] = signature;
  }
  return headers;
}

function signerFor(secret: StandardSecret): PartSigner {
  const { kind, bytes } = parseSecret(secret);
  if (kind === "symmetric") {
    const key = hmacKey("sha256", bytes);
    return { version: "v1,", signature: (message) => key.macText(message, "base64") };
  }
  if (kind === "public") throw invalid("A whpk_ key can only verify. Sign with the matching whsk_ key.");
  const signBytes = ed25519Signer(bytes);
  return { version: "v1a,", signature: (message) => after(signBytes(message), encodeBase64) };
}

function signedPrefix(id: string, timestampSeconds: number): string {
  // With a full stop in the ID, two messages could share one signed text; other characters cannot be sent in a header.
  if (!/^[!-\-/-~]+$/.test(id)) {
    const code = id.includes(".") ? "id_invalid" : "argument_invalid";
    throw new WebhookError(code, "A message ID must be visible ASCII without full stops, and not empty.");
  }
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new WebhookError("argument_invalid", "The timestamp must be a whole number of seconds since the Unix epoch.");
  }
  return `${id}.${timestampSeconds}.`;
}

function settled(signature: Awaitable<string>): string {
  if (typeof signature === "string") return signature;
  signature.catch(() => undefined);
  throw new WebhookError("runtime_unsupported", "This runtime has no synchronous cryptography. Use await sign().");
}
