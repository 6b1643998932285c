import { after, type Awaitable } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Header name, for products that sent their own. */
export interface StripeStyleOptions {
  /** Header of the signature. Defaults to `Stripe-Signature`. */
  readonly signatureHeader?: string;
}

/**
 * Signs in Stripe's format: `t={timestamp},v1={signature}`, where the signature is the hexadecimal HMAC-SHA256 of
 * `{timestamp}.{body}`. Each secret adds a `v1`.
 *
 * @param secrets Signing secrets as text, newest first. The whole text is the key, including `whsec_`: Stripe does
 *   not decode it.
 * @param options Header name.
 * @returns A signer.
 * @throws {WebhookError} `secret_invalid` for no secret or an empty one.
 * @see https://docs.stripe.com/webhooks/signature
 *
 * @example
 *
 * ```ts
 * import { stripeStyle } from "@posthorn/webhooks/sender-styles";
 *
 * const headers = stripeStyle(["new secret", "old secret"]).signSync({ body: "{}", timestampSeconds: 1614265330 });
 * console.log(headers["Stripe-Signature"]?.split(",").length); // 3
 * ```
 */
export function stripeStyle(secrets: string | readonly string[], options: StripeStyleOptions = {}): StyleSigner {
  const keys = textKeys(secrets);
  const name = options.signatureHeader ?? "Stripe-Signature";
  return styleSigner(({ body, timestampSeconds }) => {
    let value: Awaitable<string> = `t=${timestampSeconds}`;
    for (const key of keys) {
      value = after(value, (text) =>
        after(key.macText([`${timestampSeconds}.`, body], "hex"), (mac) => `${text},v1=${mac}`),
      );
    }
    return after(value, (text) => ({ [name]: text }));
  });
}
