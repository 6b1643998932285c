import { after, type Awaitable } from "../awaitable.ts";
import type { ClockOptions } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import { type Rejected, unwrap, type Verified, type VerifyResult } from "../result.ts";
import { type Inbound, openInbound } from "./inbound.ts";
import type { FetchKey, KeyInput } from "./keys.ts";
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

/**
 * A request that was let in, and what that is worth. `id` is there only where the signature covers one; `describe` finds
 * the delivery id of every provider that has one.
 */
export interface ProviderVerified extends Verified {
  readonly provider: string;
  readonly trust: Trust;
  readonly covers: Coverage;
  /** Claims, where the scheme is a token. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** Verifies one provider's requests with keys that are prepared once. */
export interface ProviderVerifier {
  /** The accepted request, or a thrown {@link WebhookError}. */
  verify(request: WebhookRequest): Promise<ProviderVerified>;
  /** As `verify`, with the error in the result. */
  tryVerify(request: WebhookRequest): Promise<VerifyResult<ProviderVerified>>;
  /**
   * As `verify`, without a promise: for schemes that fetch nothing, and only where the runtime has `node:crypto`
   * (Node 20.16 and later, Deno, Bun); throws `runtime_unsupported` elsewhere.
   */
  verifySync(request: WebhookRequest): ProviderVerified;
}

/** Prepares a verifier for one provider and one set of secrets. */
export function providerVerifier(definition: ProviderDefinition, options: ProviderOptions): ProviderVerifier {
  const settings = schemeSettings(options);
  return {
    async verify(request) {
      const result = decide(definition, request, settings);
      // Awaiting what is already there would cost a turn of the event loop's queue.
      return unwrap(result instanceof Promise ? await result : result);
    },
    async tryVerify(request) {
      return decide(definition, request, settings);
    },
    verifySync(request) {
      const result = decide(definition, request, settings);
      if (!(result instanceof Promise)) return unwrap(result);
      result.catch(() => undefined);
      throw new WebhookError("runtime_unsupported", "This scheme has to wait, here at least. Use await verify().");
    },
  };
}

/** Verifies one request, or throws a {@link WebhookError} that says why not. */
export async function verifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<ProviderVerified> {
  const result = decide(definition, request, schemeSettings(options));
  return unwrap(result instanceof Promise ? await result : result);
}

/** As {@link verifyProvider}, with the error in the result instead of thrown. */
export async function tryVerifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<VerifyResult<ProviderVerified>> {
  return decide(definition, request, schemeSettings(options));
}

/** Options in the form that schemes read. */
export type SchemeSettings = Omit<SchemeContext, "inbound"> & { readonly allowUnsigned?: boolean };

/** Makes the caller's options ready, once for all requests. */
export function schemeSettings(options: ProviderOptions): SchemeSettings {
  const { secrets = [], publicKeys = [], config = {} } = options;
  const keys = Array.isArray(publicKeys) ? publicKeys : [publicKeys as KeyInput];
  return {
    ...options,
    secrets: typeof secrets === "string" ? [secrets] : secrets,
    publicKeys: keys,
    config,
    cache: new Map(),
  };
}

/** Lets the scheme that the request claims decide. */
export function checkProvider(
  definition: ProviderDefinition,
  inbound: Inbound,
  settings: SchemeSettings,
): Awaitable<ProviderVerified> {
  const { schemes, unsigned } = definition;
  const context = { ...settings, inbound };
  // A scheme that is the only one decides in any case.
  const claimed = schemes.length === 1 && unsigned === undefined ? schemes[0] : claimedScheme(schemes, context);
  if (claimed === undefined && unsigned !== undefined && settings.secrets.length + settings.publicKeys.length === 0) {
    unsigned.admit(inbound, definition.name, settings.allowUnsigned === true);
    return accept(definition, { secretIndex: -1 });
  }
  // With nothing claimed, the strongest scheme says what is missing.
  const scheme = claimed ?? schemes[0];
  return after(scheme.verify(context), (evidence) => accept(definition, evidence, scheme));
}

function claimedScheme(schemes: readonly Scheme[], context: SchemeContext): Scheme | undefined {
  for (const scheme of schemes) if (scheme.claimed(context)) return scheme;
  return undefined;
}

function decide(
  definition: ProviderDefinition,
  request: WebhookRequest,
  settings: SchemeSettings,
): Awaitable<VerifyResult<ProviderVerified>> {
  try {
    const result = checkProvider(definition, openInbound(request, definition.payload), settings);
    return result instanceof Promise ? result.catch((error: unknown) => refuse(error, definition)) : result;
  } catch (error) {
    return refuse(error, definition);
  }
}

function refuse(error: unknown, { id }: ProviderDefinition): Rejected {
  if (!(error instanceof WebhookError)) throw error;
  const { code, message, details, cause } = error;
  return { ok: false, error: new WebhookError(code, message, { provider: id, ...details }, { cause }) };
}

function accept({ id: provider }: ProviderDefinition, evidence: Evidence, scheme?: Scheme): ProviderVerified {
  const { signedAt, secretIndex, claims, id } = evidence;
  return {
    ok: true,
    provider,
    scheme: scheme?.name ?? "none",
    trust: scheme?.trust ?? "none",
    covers: scheme?.covers ?? "nothing",
    secretIndex,
    id,
    signedAt: signedAt === undefined ? undefined : new Date(signedAt),
    claims,
  };
}
