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
import type { Draft, SignContext } from "./draft.ts";

/** The request to sign, and the keys to sign it with. */
export interface SignProviderOptions {
  /** Body before signing. Some schemes add fields to it. Defaults to `{}`. */
  readonly body?: Uint8Array | string;
  /** HTTP method. Defaults to `POST`. */
  readonly method?: string;
  /** URL that the sender calls. Defaults to `https://example.com/webhooks`. */
  readonly url?: string;
  /** Headers such as the event type. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Secret as the provider shows it. For Basic authentication: `user:password`. */
  readonly secret?: string;
  /** PKCS #8 private key in PEM, for providers that sign with a key pair. */
  readonly privateKey?: string;
  /** Certificates (Base64 of DER, leaf first), for schemes whose requests contain them. */
  readonly certificates?: readonly string[];
  /** Settings of the provider, such as the public URL. */
  readonly config?: ProviderConfig;
  /** Name of the scheme, for providers with several. Defaults to the strongest. */
  readonly scheme?: string;
  /** Current time in milliseconds since the Unix epoch. Defaults to `Date.now`. */
  readonly now?: () => number;
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

/**
 * Creates a request as the provider would send it: the given body with everything that makes it verify.
 *
 * @param definition Definition of the provider.
 * @param options The request and the keys to sign it with.
 * @returns A request for `verifyProvider` or a receiver. Its body may differ from the given one.
 * @throws {WebhookError} `argument_invalid` when a key is missing or of the wrong kind, or the scheme is unknown.
 *
 * @example
 *
 * ```ts
 * import { verifyProvider } from "@posthorn/webhooks/provider";
 * import { stripe } from "@posthorn/webhooks/providers/stripe";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const request = await signProvider(stripe, { secret: "whsec_test", body: '{"type":"invoice.paid"}' });
 * const { trust } = await verifyProvider(stripe, request, { secrets: "whsec_test" });
 * console.log(trust); // signed
 * ```
 */
export async function signProvider(
  definition: ProviderDefinition,
  options: SignProviderOptions,
): Promise<WebhookRequest> {
  const { body = "{}", method = "POST", url = "https://example.com/webhooks", headers = {}, config = {} } = options;
  const scheme = definition.schemes.find(({ name }) => options.scheme === undefined || name === options.scheme);
  if (scheme === undefined) {
    throw new WebhookError("argument_invalid", `${definition.name} has no scheme named ${options.scheme}.`);
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
