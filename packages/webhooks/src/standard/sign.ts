import { after, type Awaitable } from "../awaitable.ts";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { hmacKey } from "../crypto/hmac.ts";
import { encodeBase64 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import { invalid, parseSecret, secretList, type StandardSecret } from "./secret.ts";

/** Signs messages with one key or, during a rotation, with several. */
export interface StandardSigner {
  /**
   * Value of the signature header: one `v1,…` or `v1a,…` for each secret, in the order the secrets were given.
   *
   * @param id Message id, the same on every retry: visible ASCII without a full stop.
   * @param timestampSeconds Time of this attempt in whole seconds since 1970.
   * @param body The exact bytes that are sent.
   */
  sign(id: string, timestampSeconds: number, body: Uint8Array | string): Promise<string>;
  /**
   * As `sign`, without a promise: about 2 µs for each symmetric secret and a body of 1 KiB. Only where the runtime has
   * `node:crypto` (Node 20.16 and later, Deno, Bun); throws `runtime_unsupported` elsewhere.
   */
  signSync(id: string, timestampSeconds: number, body: Uint8Array | string): string;
}

/** A message to sign, and which headers to write. */
export interface StandardMessage {
  readonly id: string;
  /** Time of this attempt. Defaults to now, whole seconds are used. */
  readonly timestamp?: Date;
  readonly body: Uint8Array | string;
  /** `webhook` (the default), `svix`, or both families for receivers that still read the older names. */
  readonly headerFamily?: "webhook" | "svix" | "both";
}

type SignPart = (prefix: string, body: Uint8Array | string) => Awaitable<string>;

/**
 * Prepares a signer: secrets are read and keys made once. Give the newest secret first. Throws `secret_invalid`.
 * `whsec_` secrets give `v1` (HMAC-SHA256), `whsk_` keys give `v1a` (Ed25519).
 */
export function createSigner(secrets: StandardSecret | readonly StandardSecret[]): StandardSigner {
  const signers = secretList(secrets).map(signerFor);
  const single = signers.length === 1 ? signers[0] : undefined;

  return {
    async sign(id, timestampSeconds, body) {
      const prefix = signedPrefix(id, timestampSeconds);
      const signatures: string[] = [];
      for (const signPart of signers) signatures.push(await signPart(prefix, body));
      return signatures.join(" ");
    },
    signSync(id, timestampSeconds, body) {
      const prefix = signedPrefix(id, timestampSeconds);
      if (single !== undefined) return settled(single(prefix, body));
      return signers.map((signPart) => settled(signPart(prefix, body))).join(" ");
    },
  };
}

/** Signs one message and gives the headers to send with it. Prepare a signer with {@link createSigner} for many. */
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

function signerFor(secret: StandardSecret): SignPart {
  const { kind, bytes } = parseSecret(secret);
  if (kind === "symmetric") {
    const key = hmacKey("sha256", bytes);
    return (prefix, body) => after(key.macText([prefix, body], "base64"), (mac) => `v1,${mac}`);
  }
  if (kind === "public") throw invalid("A whpk_ key only verifies. Sign with the whsk_ key it belongs to.");
  const signBytes = ed25519Signer(bytes);
  return (prefix, body) => after(signBytes([prefix, body]), (signature) => `v1a,${encodeBase64(signature)}`);
}

function signedPrefix(id: string, timestampSeconds: number): string {
  // A full stop in the id would let two messages share one signed text; anything else could not travel in a header.
  if (!/^[!-\-/-~]+$/.test(id)) {
    const code = id.includes(".") ? "id_invalid" : "argument_invalid";
    throw new WebhookError(code, "A message id is visible ASCII without full stops and not empty.");
  }
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new WebhookError("argument_invalid", "The timestamp must be a whole number of seconds since 1970.");
  }
  return `${id}.${timestampSeconds}.`;
}

function settled(signature: Awaitable<string>): string {
  if (typeof signature === "string") return signature;
  signature.catch(() => undefined);
  throw new WebhookError("runtime_unsupported", "This runtime has no synchronous crypto. Use await sign() instead.");
}
