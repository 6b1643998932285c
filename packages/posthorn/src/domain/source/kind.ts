/** Kinds of sources: the providers of the catalogue, others whose scheme is one of its forms, and generic ones. */
import type { ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";
import { findProvider, providers } from "@posthorn/webhooks/providers";
import { invalid } from "../../lib/errors.ts";
import { KNOWN_SERVICES } from "./known-services.ts";
import { genericDefinition, isJwt, type Verification } from "./verification.ts";

export const GENERIC_TYPE = "generic-webhook";

/** Services that send with the scheme and the headers of `svix` in the catalogue. */
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

/** Other names of providers in the catalogue. */
const ALIASES: Readonly<Record<string, string>> = {
  "open-ai": "openai",
  ...Object.fromEntries(SVIX_SENDERS.map((name) => [name, "svix"])),
};

/** Takes what comes without a scheme: for a generic source that was given none. */
const UNVERIFIED: Verification = { scheme: "none", eventType: [], deliveryId: [], occurredAt: [] };

/** How requests of a source are read and verified; `null` when its type is not known. */
export function definitionOf(type: string, verification: Verification | null): ProviderDefinition | null {
  if (type === GENERIC_TYPE) return genericDefinition(verification ?? UNVERIFIED);
  if (Object.hasOwn(KNOWN_SERVICES, type)) return KNOWN_SERVICES[type]!;
  return findProvider(ALIASES[type] ?? type) ?? null;
}

/** As {@link definitionOf}; a type that is not known is a 422. */
export function requireDefinition(type: string, verification: Verification | null): ProviderDefinition {
  const definition = definitionOf(type, verification);
  if (definition !== null) return definition;
  throw invalid(
    "type",
    `This server does not know "${type}". Use ${GENERIC_TYPE} and say under \`verification\` how it signs, or one of ${SOURCE_TYPES.join(", ")}.`,
  );
}

/** Whether its senders sign with a private key whose public key or root certificate is configured, so that it has no secret. */
export function verifiesWithPublicKeys({ schemes }: ProviderDefinition): boolean {
  return schemes.length > 0 && schemes.every((scheme) => scheme.needs === "publicKeys" && !fetchesKeys(scheme));
}

/** Schemes whose requests name the address of their certificate. */
const CERTIFICATE_BY_ADDRESS = new Set(["aws-sns", "paypal"]);

function fetchesKeys(scheme: Scheme): boolean {
  if (isJwt(scheme)) return scheme.options.keySet !== undefined;
  return CERTIFICATE_BY_ADDRESS.has(scheme.kind);
}

/** Every type that is known. */
export const SOURCE_TYPES: readonly string[] = [
  GENERIC_TYPE,
  ...[...Object.keys(providers), ...Object.keys(ALIASES), ...Object.keys(KNOWN_SERVICES)].sort(),
];

/** A type of source, for those who set one up. */
export interface SourceType {
  readonly type: string;
  readonly definition: ProviderDefinition;
}

/** Every provider of the catalogue, and the services beside it whose scheme is known. */
export function listSourceTypes(): readonly SourceType[] {
  return [...Object.keys(providers), ...Object.keys(KNOWN_SERVICES)]
    .sort()
    .map((type) => ({ type, definition: definitionOf(type, null)! }));
}
