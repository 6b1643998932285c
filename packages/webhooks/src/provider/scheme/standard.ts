import type { StandardSecret } from "../../standard/secret.ts";
import { createVerifier, type StandardVerifier } from "../../standard/verify.ts";
import { requireSecrets } from "../require.ts";
import type { Scheme, SchemeContext } from "../types.ts";

/** A provider that uses Standard Webhooks, or Svix, which it grew out of. */
export interface StandardOptions {
  readonly name?: string;
  /** Prefixes of the three headers, tried in this order. */
  readonly prefixes: readonly ("webhook" | "svix")[];
  /** How a secret becomes a key, where it is not `whsec_` and Base64. */
  readonly key?: (secret: string) => StandardSecret;
  /** Also `v1a` signatures with the provider's public key. */
  readonly asymmetric?: boolean;
}

/** A {@link StandardOptions} scheme. */
export interface StandardScheme extends Scheme {
  readonly kind: "standard-webhooks";
  readonly options: StandardOptions;
}

/** The schedule of Svix, for the providers that send through it. */
export const SVIX_RETRY =
  "at once, after 5 s, 5 min, 30 min, 2, 5, 10 and 10 h; 5 days of failures disable the endpoint";

/** Standard Webhooks: id, timestamp and body, HMAC-SHA256 (`v1`) or Ed25519 (`v1a`). */
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
