import type { ProviderConfig, ProviderDefinition, SecretPart } from "./types.ts";

/**
 * The parts of a provider's requests that are credentials: mask them before a request is stored, shown or forwarded.
 * Signatures are not among them; who has one cannot make another.
 */
export function secretParts(definition: ProviderDefinition, config: ProviderConfig = {}): readonly SecretPart[] {
  const own: SecretPart[] = [...(definition.mask ?? []), ...definition.schemes.flatMap((scheme) => scheme.mask ?? [])];
  if (config["header"] !== undefined) own.push(`header:${config["header"].toLowerCase()}`);
  return [...new Set(own)];
}

/** Headers with the provider's credentials replaced by `***`. */
export function maskHeaders(
  definition: ProviderDefinition,
  headers: Readonly<Record<string, string>>,
  config?: ProviderConfig,
): Record<string, string> {
  const secret = new Set<string>(secretParts(definition, config));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, secret.has(`header:${name.toLowerCase()}`) ? "***" : value]),
  );
}
