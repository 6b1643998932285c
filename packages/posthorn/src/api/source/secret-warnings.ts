import type { Static } from "typebox";
import { definitionOf, verifiesWithPublicKeys } from "../../domain/source/kind.ts";
import { type SecretWarning, secretWarnings } from "../../domain/source/secret-warnings.ts";
import type { IngestSourceIn, IngestSourceSecretIn } from "../models/source.ts";

/** Warnings about the secrets and the settings of a source, which are never shown again. */
export function sourceWarnings(body: Static<typeof IngestSourceIn>): readonly SecretWarning[] {
  const definition = definitionOf(body.type, null);
  // Public keys were read already, so that none is malformed.
  const secrets = definition !== null && verifiesWithPublicKeys(definition) ? [] : (body.secrets ?? []);
  return [
    ...secrets.flatMap((secret, index) => secretWarnings(`secrets[${index}]`, secret)),
    ...Object.entries(body.config ?? {}).flatMap(([name, value]) =>
      typeof value === "string" ? secretWarnings(`config.${name}`, value) : [],
    ),
  ];
}

/** Warnings about a secret that is added to a source. */
export function addedSecretWarnings({ secret }: Static<typeof IngestSourceSecretIn>): readonly SecretWarning[] {
  return secretWarnings("secret", secret);
}

/** The field `warnings` of a response; absent when there are none. */
export function withWarnings(body: object, warnings: readonly SecretWarning[]): object {
  return warnings.length === 0 ? body : { ...body, warnings };
}
