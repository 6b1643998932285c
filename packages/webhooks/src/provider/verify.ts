import { after, type Awaitable } from "../awaitable.ts";
import type { ClockOptions } from "../clock.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookRequest } from "../request.ts";
import { type Rejected, unwrap, type Verified, type VerifyResult } from "../result.ts";
import { type Inbound, openInbound } from "./inbound.ts";
import type { FetchKey, KeyInput } from "./keys.ts";
import type { Coverage, Evidence, ProviderConfig, ProviderDefinition, Scheme, SchemeContext, Trust } from "./types.ts";

/** Keys and settings for verifying a provider's requests. */
export interface ProviderOptions extends ClockOptions {
  /** Secrets that are currently valid. A request passes when one of them matches. */
  readonly secrets?: string | readonly string[];
  /** Public keys or certificates that are currently valid. They replace the keys that the provider publishes. */
  readonly publicKeys?: KeyInput | readonly KeyInput[];
  /** Settings listed in the definition's `config`, such as the public URL. */
  readonly config?: ProviderConfig;
  /** Replaces the built-in HTTPS fetch of certificates and key sets. Called only with URLs on the allow list. */
  readonly fetchKey?: FetchKey;
  /** Accepts requests without proof from providers that offer none. The result then has `trust: "none"`. */
  readonly allowUnsigned?: boolean;
}

/**
 * An accepted request, and the evidence it provides. `id` is set only when the signature covers it; `describe` finds the
 * delivery ID of every provider that has one.
 */
export interface ProviderVerified extends Verified {
  /** ID of the provider. */
  readonly provider: string;
  /** Evidence that the request provides. */
  readonly trust: Trust;
  /** Part of the request that the scheme protects. */
  readonly covers: Coverage;
  /** Claims, for token schemes. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** Verifies one provider's requests with keys that were prepared once. Created by {@link providerVerifier}. */
export interface ProviderVerifier {
  /** Returns the accepted request, or throws a {@link WebhookError}. */
  verify(request: WebhookRequest): Promise<ProviderVerified>;
  /** Like `verify`, but returns the error in the result. */
  tryVerify(request: WebhookRequest): Promise<VerifyResult<ProviderVerified>>;
  /**
   * Like `verify`, without a promise. Only for schemes that fetch nothing, and only where the runtime has
   * `node:crypto` (Node 20.16 and later, Deno, Bun); throws `runtime_unsupported` elsewhere.
   */
  verifySync(request: WebhookRequest): ProviderVerified;
}

/**
 * Prepares a verifier for one provider and one set of secrets.
 *
 * @param definition Definition of the provider.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns A verifier that can be used for any number of requests.
 *
 * @example
 *
 * ```ts
 * import { providerVerifier } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 * import { signProvider } from "@posthorn/webhooks/testing";
 *
 * const verifier = providerVerifier(github, { secrets: ["new secret", "old secret"] });
 * const { secretIndex } = await verifier.verify(await signProvider(github, { secret: "old secret" }));
 * console.log(secretIndex); // 1
 * ```
 */
export function providerVerifier(definition: ProviderDefinition, options: ProviderOptions): ProviderVerifier {
  const settings = schemeSettings(options);
  return {
    async verify(request) {
      const result = decide(definition, request, settings);
      // Awaiting a value that is already available would cost a microtask.
      return unwrap(result instanceof Promise ? await result : result);
    },
    async tryVerify(request) {
      return decide(definition, request, settings);
    },
    verifySync(request) {
      const result = decide(definition, request, settings);
      if (!(result instanceof Promise)) return unwrap(result);
      result.catch(() => undefined);
      throw new WebhookError(
        "runtime_unsupported",
        "This scheme cannot verify synchronously here. Use await verify().",
      );
    },
  };
}

/**
 * Verifies one request of a provider. For many requests, prepare a verifier with {@link providerVerifier}.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns The accepted request. Check `trust` for providers that do not sign.
 * @throws {WebhookError} Any code of the groups "unreadable", "not authentic" and "misconfigured" in {@link
 *   WEBHOOK_ERROR_CODES}, depending on the scheme.
 *
 * @example
 *
 * ```ts
 * import { verifyProvider } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * const request = {
 *   method: "POST",
 *   url: "https://receiver.example/webhooks",
 *   headers: { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
 *   body: new TextEncoder().encode("Hello, World!"),
 * };
 * const { trust, covers } = await verifyProvider(github, request, { secrets: "It's a Secret to Everybody" });
 * console.log(trust, covers); // signed body
 * ```
 */
export async function verifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<ProviderVerified> {
  const result = decide(definition, request, schemeSettings(options));
  return unwrap(result instanceof Promise ? await result : result);
}

/**
 * Like {@link verifyProvider}, but returns the error in the result instead of throwing it.
 *
 * @param definition Definition of the provider.
 * @param request The request as it arrived.
 * @param options Secrets or public keys, and the provider's settings.
 * @returns The accepted request, or the error.
 *
 * @example
 *
 * ```ts
 * import { tryVerifyProvider } from "@posthorn/webhooks/provider";
 * import { github } from "@posthorn/webhooks/providers/github";
 *
 * const request = { method: "POST", url: "https://receiver.example/", headers: {}, body: new Uint8Array() };
 * const result = await tryVerifyProvider(github, request, { secrets: "hush" });
 * if (!result.ok) console.log(result.error.code, result.error.details.provider); // missing_header github
 * ```
 */
export async function tryVerifyProvider(
  definition: ProviderDefinition,
  request: WebhookRequest,
  options: ProviderOptions,
): Promise<VerifyResult<ProviderVerified>> {
  return decide(definition, request, schemeSettings(options));
}

/** Options in the form that schemes read. */
export type SchemeSettings = Omit<SchemeContext, "inbound"> & { readonly allowUnsigned?: boolean };

/** Converts the caller's options once, for all requests. */
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

/** Verifies a request with the scheme that it claims. */
export function checkProvider(
  definition: ProviderDefinition,
  inbound: Inbound,
  settings: SchemeSettings,
): Awaitable<ProviderVerified> {
  const { schemes, unsigned } = definition;
  const context = { ...settings, inbound };
  // A single scheme decides in any case.
  const claimed = schemes.length === 1 && unsigned === undefined ? schemes[0] : claimedScheme(schemes, context);
  if (claimed === undefined && unsigned !== undefined && settings.secrets.length + settings.publicKeys.length === 0) {
    unsigned.admit(inbound, definition.name, settings.allowUnsigned === true);
    return accept(definition, { secretIndex: -1 });
  }
  // When no scheme is claimed, the strongest one reports what is missing.
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
