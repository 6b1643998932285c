import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Names of the headers, where a product sent its own. */
export interface ShopifyStyleOptions {
  /** Defaults to `X-Shopify-Hmac-Sha256`. */
  readonly signatureHeader?: string;
}

/**
 * Shopify's manner: HMAC-SHA256 of the body in Base64. The format has room for one signature, so only the first of
 * several secrets signs: put the old one first until every receiver has the new one.
 */
export function shopifyStyle(secrets: string | readonly string[], options: ShopifyStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Shopify-Hmac-Sha256";
  return styleSigner(({ body }) => after(key.macText([body], "base64"), (mac) => ({ [name]: mac })));
}
