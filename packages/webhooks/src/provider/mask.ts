import type { ProviderConfig, ProviderDefinition, SecretPart } from "./types.ts";

/**
 * Lists the parts of a provider's requests that are credentials. Mask them before a request is stored, shown or
 * forwarded. Signatures are not included: knowing one does not allow creating another.
 *
 * @param definition Definition of the provider.
 * @param config Settings of the receiver, such as a custom credential header.
 * @returns Selectors of the secret parts, without duplicates.
 *
 * @example
 *
 * ```ts
 * import { secretParts } from "@posthorn/webhooks/provider";
 * import { gitlab } from "@posthorn/webhooks/providers/gitlab";
 *
 * console.log(secretParts(gitlab)); // [ 'header:x-gitlab-token' ]
 * ```
 */
export function secretParts(definition: ProviderDefinition, config: ProviderConfig = {}): readonly SecretPart[] {
  const own: SecretPart[] = [...(definition.mask ?? []), ...definition.schemes.flatMap((scheme) => scheme.mask ?? [])];
  if (config["header"] !== undefined) own.push(`header:${config["header"].toLowerCase()}`);
  return [...new Set(own)];
}

/**
 * Replaces the provider's credentials in a set of headers by `***`.
 *
 * @param definition Definition of the provider.
 * @param headers Headers by name, in any case.
 * @param config Settings of the receiver, such as a custom credential header.
 * @returns A copy of the headers.
 *
 * @example
 *
 * ```ts
 * import { maskHeaders } from "@posthorn/webhooks/provider";
 * import { gitlab } from "@posthorn/webhooks/providers/gitlab";
 *
 * console.log(maskHeaders(gitlab, { "X-Gitlab-Token": "hush" })); // { 'X-Gitlab-Token': '***' }
 * ```
 */
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
