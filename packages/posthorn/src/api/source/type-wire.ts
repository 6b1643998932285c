import { providerTrust, schemeSummary } from "@posthorn/webhooks/provider";
import { type SourceType, verifiesWithPublicKeys } from "../../domain/source/kind.ts";
import { stepsOf } from "../../sources/provider-steps.ts";
import { PUBLISHED_ADDRESSES } from "../../ingest/addresses.ts";

export function sourceTypeOut({ type, definition }: SourceType): object {
  const { name, group, secret, config, schemes, handshakes, delivery, batch, respond, retry } = definition;
  return {
    type,
    name,
    group,
    trust: providerTrust(definition),
    secret: secret ?? null,
    secretField: verifiesWithPublicKeys(definition) ? "publicKeys" : "secrets",
    config: config ?? {},
    schemes: schemes.map((scheme) => ({ name: scheme.name, summary: schemeSummary(scheme) })),
    handshakes: (handshakes ?? []).map((handshake) => handshake.summary),
    hasDeliveryId: delivery !== undefined || batch?.id !== undefined,
    responseTimeoutSeconds: respond?.within ?? null,
    retry: retry ?? null,
    steps: [...stepsOf(type)],
    publishedAddresses: Object.hasOwn(PUBLISHED_ADDRESSES, type),
  };
}
