import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Header name, for products that sent their own. */
export interface AsanaStyleOptions {
  /** Header of the signature. Defaults to `X-Hook-Signature`. */
  readonly signatureHeader?: string;
}

/**
 * Signs in Asana's format, which other senders of REST hooks use too: the hexadecimal HMAC-SHA256 of the body.
 *
 * @param secrets Signing secrets as text. The format has room for one signature, so only the first secret signs: keep
 *   the old secret first until every receiver has the new one.
 * @param options Header name.
 * @returns A signer.
 * @throws {WebhookError} `secret_invalid` for no secret or an empty one.
 * @see https://developers.asana.com/docs/webhooks-guide
 *
 * @example
 *
 * ```ts
 * import { asanaStyle } from "@posthorn/webhooks/sender-styles";
 *
 * const headers = asanaStyle("It's a Secret to Everybody").signSync({ body: "Hello, World!", timestampSeconds: 0 });
 * console.log(headers["X-Hook-Signature"]?.slice(0, 16)); // 757107ea0eb2509f
 * ```
 */
export function asanaStyle(secrets: string | readonly string[], options: AsanaStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Hook-Signature";
  return styleSigner(({ body }) => after(key.macText([body], "hex"), (mac) => ({ [name]: mac })));
}
