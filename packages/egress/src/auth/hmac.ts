import { createHmac } from "node:crypto";
import { EgressConfigError } from "../errors.ts";

/**
 * A signature in the form a receiver already knows, for migrations. New endpoints need none of it: every delivery is
 * signed as Standard Webhooks says.
 *
 * | form | header | template | signed |
 * | --- | --- | --- | --- |
 * | as GitHub | `x-hub-signature-256` | `sha256={signature}` | `{body}` |
 * | as Shopify (`encoding: "base64"`) | `x-shopify-hmac-sha256` | `{signature}` | `{body}` |
 * | as Stripe | `stripe-signature` | `t={timestamp},v1={signature}` | `{timestamp}.{body}` |
 * | as Slack (`timestampHeader`) | `x-slack-signature` | `v0={signature}` | `v0:{timestamp}:{body}` |
 */
export interface HmacAuth {
  readonly type: "hmac";
  readonly header: string;
  readonly secret: string;
  /** Default `sha256`. */
  readonly algorithm?: "sha1" | "sha256" | "sha384" | "sha512";
  /** Default `hex`. */
  readonly encoding?: "hex" | "base64";
  /** Value of the header: text with `{signature}` and, where wanted, `{timestamp}`. Default `{signature}`. */
  readonly template?: string;
  /** What is signed: text with `{body}` once and, where wanted, `{timestamp}`. Default `{body}`. */
  readonly signed?: string;
  /** A header of its own for the timestamp (seconds since the epoch). */
  readonly timestampHeader?: string;
}

/**
 * @param seconds Seconds since the epoch.
 * @returns Flat name, value list.
 * @throws {EgressConfigError} `invalid_auth` when a template lacks its placeholder.
 */
export function hmacHeaders(auth: HmacAuth, body: Uint8Array | null, seconds: number): string[] {
  const template = auth.template ?? "{signature}";
  const parts = (auth.signed ?? "{body}").split("{body}");
  if (parts.length !== 2) throw invalid("signed", "must hold {body} once");
  if (!template.includes("{signature}")) throw invalid("template", "must hold {signature}");
  const timestamp = String(Math.floor(seconds));
  const fill = (text: string) => text.replaceAll("{timestamp}", timestamp);
  const hmac = createHmac(auth.algorithm ?? "sha256", auth.secret).update(fill(parts[0] ?? ""));
  if (body !== null) hmac.update(body);
  const signature = hmac.update(fill(parts[1] ?? "")).digest(auth.encoding ?? "hex");
  const value = fill(template).replaceAll("{signature}", () => signature);
  return [auth.header, value, ...(auth.timestampHeader === undefined ? [] : [auth.timestampHeader, timestamp])];
}

function invalid(word: string, why: string): EgressConfigError {
  return new EgressConfigError("invalid_auth", word, `The setting "${word}" of an HMAC signature ${why}.`);
}
