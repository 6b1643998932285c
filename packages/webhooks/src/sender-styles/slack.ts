import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Names of the headers, where a product sent its own. */
export interface SlackStyleOptions {
  /** Defaults to `X-Slack-Signature`. */
  readonly signatureHeader?: string;
  /** Defaults to `X-Slack-Request-Timestamp`. */
  readonly timestampHeader?: string;
}

/**
 * Slack's manner: HMAC-SHA256 of `v0:{timestamp}:{body}`, hexadecimal after `v0=`, and the time in a header of its own.
 * The format has room for one signature, so only the first of several secrets signs.
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
