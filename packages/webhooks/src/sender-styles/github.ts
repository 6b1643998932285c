import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Names of the headers, where a product sent its own. */
export interface GithubStyleOptions {
  /** Defaults to `X-Hub-Signature-256`. */
  readonly signatureHeader?: string;
}

/**
 * GitHub's manner: HMAC-SHA256 of the body, hexadecimal after `sha256=`. The format has room for one signature, so only
 * the first of several secrets signs: put the old one first until every receiver has the new one.
 */
export function githubStyle(secrets: string | readonly string[], options: GithubStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Hub-Signature-256";
  return styleSigner(({ body }) => after(key.macText([body], "hex"), (mac) => ({ [name]: `sha256=${mac}` })));
}
