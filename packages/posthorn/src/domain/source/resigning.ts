/** Which signatures of providers can be renewed with the secret of a source, without changing the body. */
import type { ProviderConfig, ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";

/** Why no signature of this provider can be renewed, as a sentence; `null`: there are some that can. */
export function resigningRefusal(definition: ProviderDefinition, config: ProviderConfig): string | null {
  const { schemes, name } = definition;
  if (schemes.length === 0) return `${name} does not sign requests, so there is no signature to renew.`;
  const refusals = schemes.map((scheme) => schemeRefusal(scheme, name, config));
  return refusals.includes(null) ? null : refusals[0]!;
}

/** As {@link resigningRefusal}, for one of the schemes of a provider. @param name Of the provider, for people. */
export function schemeRefusal(scheme: Scheme, name: string, config: ProviderConfig): string | null {
  if (scheme.needs === "publicKeys")
    return `${name} signs with a private key that only ${name} has, so the signature cannot be renewed. Accept older signatures during development, or verify Posthorn's own signature.`;
  if (scheme.trust === "shared-secret")
    return `${name} sends a fixed credential, which does not expire: there is no signature to renew.`;
  if (scheme.kind === "standard-webhooks") return null;
  if (scheme.kind === "hmac") return isInHeaders(scheme as HmacLike, config) ? null : dependsOnRequest(name);
  if (scheme.kind === "jwt")
    return `${name} sends a token with claims that only ${name} can make, so the signature cannot be renewed. Verify Posthorn's own signature instead.`;
  return dependsOnRequest(name);
}

interface HmacOptionsLike {
  readonly header?: string | readonly string[];
  readonly timestamp?: { readonly from: string };
}

type HmacLike = Scheme & {
  readonly options: HmacOptionsLike;
  readonly optionsFor?: (config: ProviderConfig) => HmacOptionsLike;
};

function isInHeaders({ options, optionsFor }: HmacLike, config: ProviderConfig): boolean {
  const { header, timestamp } = optionsFor?.(config) ?? options;
  return header !== undefined && (timestamp === undefined || /^(?:header|field):/.test(timestamp.from));
}

/** Refusal for a signature that is not only in headers. */
export function dependsOnRequest(name: string): string {
  return `The signature of ${name} cannot be renewed without changing the request: it depends on the body or the URL. Verify Posthorn's own signature instead.`;
}
