import type { StandardSecret } from "../../standard/secret.ts";
import { createVerifier, type StandardVerifier } from "../../standard/verify.ts";
import { requireSecrets } from "../require.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** Options for a provider that uses Standard Webhooks or its predecessor, Svix. */
export interface StandardOptions {
  /** Name of the scheme. Defaults to `standard-webhooks`. */
  readonly name?: string;
  /** Prefixes of the three headers, tried in this order. */
  readonly prefixes: readonly ("webhook" | "svix")[];
  /** Converts a secret to a key, if it is not `whsec_` and Base64. */
  readonly key?: (secret: string) => StandardSecret;
  /** Also accepts `v1a` signatures, verified with the provider's public key. */
  readonly asymmetric?: boolean;
}

/** Scheme created by {@link standard}. */
export interface StandardScheme extends Scheme {
  readonly kind: "standard-webhooks";
  readonly options: StandardOptions;
}

/** Retry schedule of Svix, for the providers that send through it. */
export const SVIX_RETRY =
  "at once, after 5 s, 5 min, 30 min, 2, 5, 10 and 10 h; 5 days of failures disable the endpoint";

/**
 * Scheme for Standard Webhooks: a signature over ID, timestamp and body with HMAC-SHA256 (`v1`) or Ed25519 (`v1a`).
 *
 * @param options Header prefixes and form of the secret.
 * @returns A scheme for a provider definition, with `trust: "signed"`.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @example
 *
 * ```ts
 * import { standard, type ProviderDefinition } from "@posthorn/webhooks/provider";
 *
 * export const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [standard({ prefixes: ["webhook"] })],
 *   event: "{body:type}",
 *   delivery: "{header:webhook-id}",
 * };
 * ```
 */
export function standard(options: StandardOptions): StandardScheme {
  return {
    kind: "standard-webhooks",
    name: options.name ?? "standard-webhooks",
    trust: "signed",
    covers: "body",
    needs: "secrets",
    options,
    claimed: ({ inbound }) =>
      options.prefixes.some((prefix) =>
        ["signature", "timestamp", "id"].some((part) => inbound.header(`${prefix}-${part}`) !== undefined),
      ),
    async verify(context) {
      const { inbound } = context;
      const { signedAt, secretIndex, id } = await verifierFor(options, context).verify(inbound);
      return { secretIndex, signedAt: signedAt.getTime(), id };
    },
  };
}

function verifierFor(options: StandardOptions, context: SchemeContext): StandardVerifier {
  const cached = context.cache.get("standard") as StandardVerifier | undefined;
  if (cached !== undefined) return cached;
  const keys = options.asymmetric === true ? context.publicKeys.filter((key) => typeof key === "string") : [];
  const secrets = keys.length > 0 && context.secrets.length === 0 ? [] : requireSecrets(context);
  const { now, toleranceSeconds, futureToleranceSeconds } = context;
  const verifier = createVerifier(
    [
      ...secrets.map((secret) => options.key?.(secret) ?? secret),
      ...keys.map((key) => key.replace(/^(?!whpk)/, "whpk_")),
    ],
    {
      headerPrefixes: options.prefixes,
      ...(now && { now }),
      ...(toleranceSeconds !== undefined && { toleranceSeconds }),
      ...(futureToleranceSeconds !== undefined && { futureToleranceSeconds }),
    },
  );
  context.cache.set("standard", verifier);
  return verifier;
}
