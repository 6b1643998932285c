import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Header name, for products that sent their own. */
export interface ShopifyStyleOptions {
  /** Header of the signature. Defaults to `X-Shopify-Hmac-Sha256`. */
  readonly signatureHeader?: string;
}

/**
 * Signs in Shopify's format: Base64 of the HMAC-SHA256 of the body.
 *
 * @param secrets Signing secrets as text. The format has room for one signature, so only the first secret signs: keep
 *   the old secret first until every receiver has the new one.
 * @param options Header name.
 * @returns A signer.
 * @throws {WebhookError} `secret_invalid` for no secret or an empty one.
 * @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 *
 * @example
 *
 * ```ts
 * import { shopifyStyle } from "@posthorn/webhooks/sender-styles";
 *
 * const headers = await shopifyStyle("hush").sign({ body: "{}", timestampSeconds: 0 });
 * console.log(Object.keys(headers)); // [ 'X-Shopify-Hmac-Sha256' ]
 * ```
 */
export function shopifyStyle(secrets: string | readonly string[], options: ShopifyStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Shopify-Hmac-Sha256";
  return styleSigner(({ body }) => after(key.macText([body], "base64"), (mac) => ({ [name]: mac })));
}
