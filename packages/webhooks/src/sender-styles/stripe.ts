import { after, type Awaitable } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Names of the headers, where a product sent its own. */
export interface StripeStyleOptions {
  /** Defaults to `Stripe-Signature`. */
  readonly signatureHeader?: string;
}

/**
 * Stripe's manner: HMAC-SHA256 of `{timestamp}.{body}` as `t=…,v1=…`, with one `v1` for each secret. The key is the
 * secret's text as it stands, `whsec_` included: Stripe does not decode it.
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
