import { createHmac } from "node:crypto";
import { EgressConfigError } from "../errors.ts";

/**
 * HMAC signature in a format that a receiver already knows, for migrations. New endpoints do not need it, because
 * every delivery is signed according to Standard Webhooks.
 *
 * | format | header | template | signed |
 * | --- | --- | --- | --- |
 * | GitHub | `x-hub-signature-256` | `sha256={signature}` | `{body}` |
 * | Shopify (`encoding: "base64"`) | `x-shopify-hmac-sha256` | `{signature}` | `{body}` |
 * | Stripe | `stripe-signature` | `t={timestamp},v1={signature}` | `{timestamp}.{body}` |
 * | Slack (`timestampHeader`) | `x-slack-signature` | `v0={signature}` | `v0:{timestamp}:{body}` |
 */
export interface HmacAuth {
  /** Always `hmac`. */
  readonly type: "hmac";
  /** Header of the signature. */
  readonly header: string;
  /** Secret whose UTF-8 text is the key. */
  readonly secret: string;
  /** Hash function. Defaults to `sha256`. */
  readonly algorithm?: "sha1" | "sha256" | "sha384" | "sha512";
  /** Encoding of the signature. Defaults to `hex`. */
  readonly encoding?: "hex" | "base64";
  /** Value of the header: text with `{signature}` and optionally `{timestamp}`. Defaults to `{signature}`. */
  readonly template?: string;
  /** What is signed: text with exactly one `{body}` and optionally `{timestamp}`. Defaults to `{body}`. */
  readonly signed?: string;
  /** Separate header for the timestamp in seconds since the Unix epoch. */
  readonly timestampHeader?: string;
}

/**
 * Creates the headers of an HMAC signature.
 *
 * @param seconds Current time in seconds since the Unix epoch.
 * @returns Flat list of names and values.
 * @throws {EgressConfigError} `invalid_auth` when a template lacks its placeholder.
 */
export function hmacHeaders(auth: HmacAuth, body: Uint8Array | null, seconds: number): string[] {
  const template = auth.template ?? "{signature}";
  const parts = (auth.signed ?? "{body}").split("{body}");
  if (parts.length !== 2) throw invalid("signed", "must contain {body} exactly once");
  if (!template.includes("{signature}")) throw invalid("template", "must contain {signature}");
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
