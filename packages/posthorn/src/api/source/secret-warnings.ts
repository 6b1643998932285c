import type { Static } from "typebox";
import { definitionOf, verifiesWithPublicKeys } from "../../domain/source/kind.ts";
import { type SecretWarning, secretWarnings } from "../../domain/source/secret-warnings.ts";
import type { IngestSourceIn, IngestSourceSecretIn } from "../models/source.ts";

/** Warnings about secrets and settings of a source. Values are not returned later, so warn when they are set. */
export function sourceWarnings(body: Static<typeof IngestSourceIn>): readonly SecretWarning[] {
  const definition = definitionOf(body.type ?? "", null);
  // Public keys have been parsed already, so none is malformed.
  const secrets = definition !== null && verifiesWithPublicKeys(definition) ? [] : (body.secrets ?? []);
  return [
    ...secrets.flatMap((secret, index) => secretWarnings(`secrets[${index}]`, secret)),
    ...Object.entries(body.config ?? {}).flatMap(([name, value]) =>
      typeof value === "string" ? secretWarnings(`config.${name}`, value) : [],
    ),
  ];
}

/** Warnings about a secret added to a source. */
export function addedSecretWarnings({ secret }: Static<typeof IngestSourceSecretIn>): readonly SecretWarning[] {
  return secretWarnings("secret", secret);
}

/** The `warnings` field of a response. Absent if there are none. */
export function withWarnings(body: object, warnings: readonly SecretWarning[]): object {
  return warnings.length === 0 ? body : { ...body, warnings };
}
