import { after, type Awaitable } from "../awaitable.ts";
import type { ClockOptions } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import { unwrap, type Verified, type VerifyResult } from "../result.ts";
import { type Inbound, openInbound } from "./inbound.ts";
import type { FetchKey, KeyInput } from "./keys.ts";
import { find } from "./select.ts";
import type { Coverage, Evidence, ProviderConfig, ProviderDefinition, Scheme, SchemeContext, Trust } from "./types.ts";

/** What the caller brings to verify a provider's requests. */
export interface ProviderOptions extends ClockOptions {
  /** Secrets that are valid now; a request passes when one of them fits. */
  readonly secrets?: string | readonly string[];
  /** Public keys or certificates that are valid now, instead of fetching the provider's. */
  readonly publicKeys?: KeyInput | readonly KeyInput[];
  /** Settings listed in the definition's `config`, such as the public URL. */
  readonly config?: ProviderConfig;
  /** Replaces the built-in HTTPS fetch of certificates and key sets. Asked only for addresses on the allow-list. */
  readonly fetchKey?: FetchKey;
  /** Lets requests pass that prove nothing, where the provider has no way to prove anything: `trust` is then `none`. */
  readonly allowUnsigned?: boolean;
}

/** A request that was let in, and what that is worth. */
export interface ProviderVerified extends Verified {
  readonly provider: string;
  readonly trust: Trust;
  readonly covers: Coverage;
  /** Claims, where the scheme is a token. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Verifies one provider's requests with keys that are prepared once. */
export interface ProviderVerifier {
  /** The accepted request, or a thrown {@link WebhookError}. */
  verify(request: WebhookRequest): Promise<ProviderVerified>;
  /** As `verify`, with the error in the result. */
  tryVerify(request: WebhookRequest): Promise<VerifyResult<ProviderVerified>>;
}

/** Prepares a verifier for one provider and one set of secrets. */
export function providerVerifier(definition: ProviderDefinition, options: ProviderOptions): ProviderVerifier {
  const cache = new Map<string, unknown>();
  const tryVerify = async (request: WebhookRequest): Promise<VerifyResult<ProviderVerified>> => {
    try {
      const inbound = openInbound(request, definition.payload);
      return await checkProvider(definition, schemeContext(inbound, options, cache), options.allowUnsigned === true);
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      const { code, message, details, cause } = error;
      return { ok: false, error: new WebhookError(code, message, { provider: definition.id, ...details }, { cause }) };
    }
  };
  return { tryVerify, verify: async (request) => unwrap(await tryVerify(request)) };
}

/** Verifies one request, or throws a {@link WebhookError} that says why not. */
export async function verifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<ProviderVerified> {
  return providerVerifier(definition, options).verify(request);
}

/** As {@link verifyProvider}, with the error in the result instead of thrown. */
export async function tryVerifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<VerifyResult<ProviderVerified>> {
  return providerVerifier(definition, options).tryVerify(request);
}

/** Options and request, as schemes and handshakes see them. */
export function schemeContext(
  inbound: Inbound,
  options: ProviderOptions,
  cache: Map<string, unknown> = new Map<string, unknown>(),
): SchemeContext {
  const { secrets = [], publicKeys = [], config = {} } = options;
  return {
    ...options,
    inbound,
    secrets: [secrets].flat(),
    publicKeys: [publicKeys].flat(),
    config,
    cache,
  };
}

/** Lets the scheme that the request claims decide. */
export function checkProvider(
  definition: ProviderDefinition,
  context: SchemeContext,
  allowUnsigned: boolean,
): Awaitable<ProviderVerified> {
  const { schemes, unsigned } = definition;
  const claimed = schemes.find((candidate) => candidate.claimed(context));
  if (claimed === undefined && unsigned !== undefined && context.secrets.length + context.publicKeys.length === 0) {
    unsigned.admit(context.inbound, definition.name, allowUnsigned);
    return accept(definition, undefined, { secretIndex: -1 }, context);
  }
  // With nothing claimed, the strongest scheme says what is missing.
  const scheme = claimed ?? schemes[0];
  return after(scheme.verify(context), (evidence) => accept(definition, scheme, evidence, context));
}

function accept(
  definition: ProviderDefinition,
  scheme: Scheme | undefined,
  { signedAt, secretIndex, claims }: Evidence,
  { inbound }: SchemeContext,
): ProviderVerified {
  const { name = "none", trust = "none", covers = "nothing" } = scheme ?? {};
  return {
    ok: true,
    provider: definition.id,
    scheme: name,
    trust,
    covers,
    secretIndex,
    id: find(inbound, definition.delivery),
    signedAt: signedAt === undefined ? undefined : new Date(signedAt),
    ...(claims && { claims }),
  };
}
