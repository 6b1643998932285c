import { utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { ProviderConfig, ProviderDefinition, Scheme } from "../provider/types.ts";
import type { WebhookRequest } from "../request.ts";
import { signAsymmetric } from "./sign-asymmetric.ts";
import { signHmac } from "./sign-hmac.ts";
import { signJwt } from "./sign-jwt.ts";
import { signSpecial } from "./sign-special.ts";
import { signStandard } from "./sign-standard.ts";
import { signStatic } from "./sign-static.ts";

/** What to sign, and with what. */
export interface SignProviderOptions {
  readonly body?: Uint8Array | string;
  /** `POST` unless given. */
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Secret as the provider shows it. For Basic authentication: `user:password`. */
  readonly secret?: string;
  /** PKCS #8 private key in PEM, for providers that sign with one. */
  readonly privateKey?: string;
  /** Certificates (Base64 of DER, leaf first), for schemes whose requests bring them along. */
  readonly certificates?: readonly string[];
  readonly config?: ProviderConfig;
  /** Name of the scheme, where the provider has several. The strongest unless given. */
  readonly scheme?: string;
  readonly now?: () => number;
}

/** A request under construction: signers add headers, and may change URL and body. */
export interface Draft {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What a signer works with. */
export interface SignContext {
  readonly definition: ProviderDefinition;
  readonly config: ProviderConfig;
  readonly secret: string;
  readonly privateKey: string;
  readonly certificates: readonly string[];
  readonly now: number;
}

type Signer = (draft: Draft, scheme: Scheme, context: SignContext) => Promise<void>;

const SIGNERS: Readonly<Record<string, Signer>> = {
  hmac: signHmac,
  asymmetric: signAsymmetric,
  "standard-webhooks": signStandard,
  credential: signStatic,
  basic: signStatic,
  "url-secret": signStatic,
  jwt: signJwt,
};

/** A request as the provider would send it: the body given, with whatever makes it verify. */
export async function signProvider(
  definition: ProviderDefinition,
  options: SignProviderOptions,
): Promise<WebhookRequest> {
  const { body = "{}", method = "POST", url = "https://example.com/webhooks", headers = {}, config = {} } = options;
  const scheme = definition.schemes.find(({ name }) => options.scheme === undefined || name === options.scheme);
  if (scheme === undefined) {
    throw new WebhookError("argument_invalid", `${definition.name} has no scheme of the name ${options.scheme}.`);
  }
  const draft: Draft = {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: typeof body === "string" ? utf8(body) : body,
  };
  await (SIGNERS[scheme.kind] ?? signSpecial)(draft, scheme, {
    definition,
    config,
    secret: options.secret ?? "",
    privateKey: options.privateKey ?? "",
    certificates: options.certificates ?? [],
    now: (options.now ?? Date.now)(),
  });
  return draft;
}
