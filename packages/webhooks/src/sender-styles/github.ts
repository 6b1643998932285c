import { after } from "../awaitable.ts";
import { type StyleSigner, styleSigner, textKeys } from "./style.ts";

/** Header name, for products that sent their own. */
export interface GithubStyleOptions {
  /** Header of the signature. Defaults to `X-Hub-Signature-256`. */
  readonly signatureHeader?: string;
}

/**
 * Signs in GitHub's format: `sha256=` and the hexadecimal HMAC-SHA256 of the body.
 *
 * @param secrets Signing secrets as text. The format has room for one signature, so only the first secret signs: keep
 *   the old secret first until every receiver has the new one.
 * @param options Header name.
 * @returns A signer.
 * @throws {WebhookError} `secret_invalid` for no secret or an empty one.
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 *
 * @example
 *
 * ```ts
 * import { githubStyle } from "@posthorn/webhooks/sender-styles";
 *
 * const headers = githubStyle("It's a Secret to Everybody").signSync({ body: "Hello, World!", timestampSeconds: 0 });
 * console.log(headers["X-Hub-Signature-256"]?.slice(0, 23)); // sha256=757107ea0eb2509f
 * ```
 */
export function githubStyle(secrets: string | readonly string[], options: GithubStyleOptions = {}): StyleSigner {
  const [key] = textKeys(secrets);
  const name = options.signatureHeader ?? "X-Hub-Signature-256";
  return styleSigner(({ body }) => after(key.macText([body], "hex"), (mac) => ({ [name]: `sha256=${mac}` })));
}
