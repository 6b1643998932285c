/** Types of sources: providers of `@posthorn/webhooks`, further services with a known scheme, and generic sources. */
import type { ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";
import { findProvider, providers } from "@posthorn/webhooks/providers";
import { invalid } from "../../lib/errors.ts";
import { sourceKindNamed, WEBHOOK_SOURCE } from "../../sources/kinds.ts";
import { KNOWN_SERVICES } from "./known-services.ts";
import type { Source } from "./source.ts";
import { genericDefinition, isJwt, type Verification } from "./verification.ts";

export const GENERIC_TYPE = "generic-webhook";

/** Services that use the scheme and headers of `svix`. */
const SVIX_SENDERS = [
  "beehiiv",
  "brex",
  "guesty",
  "incident-io",
  "lithic",
  "nash",
  "pleo",
  "psi-fi",
  "render",
  "safebase",
  "sardine",
  "stych",
];

/** Alternative names of providers. */
const ALIASES: Readonly<Record<string, string>> = {
  "open-ai": "openai",
  ...Object.fromEntries(SVIX_SENDERS.map((name) => [name, "svix"])),
};

/** No verification, for a generic source without `verification`. */
const UNVERIFIED: Verification = { scheme: "none", eventType: [], deliveryId: [], occurredAt: [] };

/** How requests of a source are parsed and verified. `null` if the type is unknown. */
export function definitionOf(type: string, verification: Verification | null): ProviderDefinition | null {
  if (type === GENERIC_TYPE) return genericDefinition(verification ?? UNVERIFIED);
  if (Object.hasOwn(KNOWN_SERVICES, type)) return KNOWN_SERVICES[type]!;
  return findProvider(ALIASES[type] ?? type) ?? null;
}

/** Whether Posthorn reads the sources of a kind. Other sources receive their events. */
export function isRead(kind: string): boolean {
  return sourceKindNamed(kind)?.family !== "request";
}

/** As {@link definitionOf}, for any kind of source. Only events of webhooks are verified. */
export function definitionOfSource({
  kind,
  type,
  verification,
}: Pick<Source, "kind" | "type" | "verification">): ProviderDefinition | null {
  if (kind === WEBHOOK_SOURCE) return definitionOf(type, verification);
  const declaration = sourceKindNamed(kind);
  if (declaration === null) return null;
  return { ...genericDefinition(UNVERIFIED), id: kind, name: declaration.title };
}

/** Like {@link definitionOf}, but throws a validation error for an unknown type. */
export function requireDefinition(type: string, verification: Verification | null): ProviderDefinition {
  const definition = definitionOf(type, verification);
  if (definition !== null) return definition;
  throw invalid(
    "type",
    `Unknown source type "${type}". Use ${GENERIC_TYPE} and describe the signature in \`verification\`, or use one of ${SOURCE_TYPES.join(", ")}.`,
  );
}

/** Whether the provider signs with a private key, so that the source needs a public key or root certificate instead of a secret. */
export function verifiesWithPublicKeys({ schemes }: ProviderDefinition): boolean {
  return schemes.length > 0 && schemes.every((scheme) => scheme.needs === "publicKeys" && !fetchesKeys(scheme));
}

/** Schemes whose requests contain the URL of their certificate. */
const CERTIFICATE_BY_ADDRESS = new Set(["aws-sns", "paypal"]);

function fetchesKeys(scheme: Scheme): boolean {
  if (isJwt(scheme)) return scheme.options.keySet !== undefined;
  return CERTIFICATE_BY_ADDRESS.has(scheme.kind);
}

/** All known types. */
export const SOURCE_TYPES: readonly string[] = [
  GENERIC_TYPE,
  ...[...Object.keys(providers), ...Object.keys(ALIASES), ...Object.keys(KNOWN_SERVICES)].sort(),
];

/** Source type, as listed by the API. */
export interface SourceType {
  readonly type: string;
  readonly definition: ProviderDefinition;
}

/** All providers and further services with a known scheme. */
export function listSourceTypes(): readonly SourceType[] {
  return [...Object.keys(providers), ...Object.keys(KNOWN_SERVICES)]
    .sort()
    .map((type) => ({ type, definition: definitionOf(type, null)! }));
}
