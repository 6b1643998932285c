import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Header names, for products that sent their own. */
export interface SlackStyleOptions {
  /** Header of the signature. Defaults to `X-Slack-Signature`. */
  readonly signatureHeader?: string;
  /** Header of the timestamp. Defaults to `X-Slack-Request-Timestamp`. */
  readonly timestampHeader?: string;
}

/**
 * Signs in Slack's format: `v0=` and the hexadecimal HMAC-SHA256 of `v0:{timestamp}:{body}`, with the timestamp in a
 * separate header.
 *
 * @param secrets Signing secrets as text. The format has room for one signature, so only the first secret signs.
 * @param options Header names.
 * @returns A signer.
 * @throws {WebhookError} `secret_invalid` for no secret or an empty one.
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 *
 * @example
 *
 * ```ts
 * import { slackStyle } from "@posthorn/webhooks/sender-styles";
 *
 * const headers = slackStyle("8f742231b10e8888abcd99yyyzzz85a5").signSync({
 *   body: "token=xyzz0WbapA4vBCDEFasx0q6G",
 *   timestampSeconds: 1531420618,
 * });
 * console.log(headers["X-Slack-Request-Timestamp"]); // 1531420618
 * ```
 */
export function slackStyle(secrets: string | readonly string[], options: SlackStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Slack-Signature";
  const timestampName = options.timestampHeader ?? "X-Slack-Request-Timestamp";
  return styleSigner(({ body, timestampSeconds }) =>
    after(key.macText([`v0:${timestampSeconds}:`, body], "hex"), (mac) => ({
      [name]: `v0=${mac}`,
      [timestampName]: String(timestampSeconds),
    })),
  );
}
