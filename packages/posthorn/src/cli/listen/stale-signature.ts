/** Signatures of providers that are older than their libraries accept: events that waited for the listener, or are sent again. */
import type { ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";
import { findProvider } from "@posthorn/webhooks/providers";
import type { RelayedMessage } from "../../relay/frames.ts";

/** Standard Webhooks, "Verifying webhook authenticity". */
const STANDARD_TOLERANCE_SECONDS = 300;

/**
 * A warning if the local server may refuse the signature of the provider: it is too old, or could not be renewed; `null`: there is no reason to.
 *
 * @param now Unix milliseconds.
 */
export function signatureWarning(message: RelayedMessage, now: number): string | null {
  const { id, resigned } = message;
  if (resigned?.isDone === true) return null;
  if (resigned?.isDone === false) return `The signature of ${id} was not renewed. ${resigned.reason}`;
  return staleSignature(message, now);
}

function staleSignature({ id, provider, timestamp }: RelayedMessage, now: number): string | null {
  const definition = provider === null ? undefined : findProvider(provider);
  if (definition === undefined) return null;
  const tolerance = toleranceOf(definition);
  const ageSeconds = (now - Date.parse(timestamp)) / 1000;
  if (tolerance === null || ageSeconds <= tolerance) return null;
  return `${id} was received ${minutes(ageSeconds)} ago, and ${definition.name} signatures are valid for ${minutes(tolerance)}: your server may refuse it. Renew signatures with --resign, accept older ones during development, or verify Posthorn's own signature.`;
}

/** Seconds; `null`: signatures of the provider do not expire. */
function toleranceOf({ schemes }: ProviderDefinition): number | null {
  const all = schemes.flatMap((scheme) => ofScheme(scheme) ?? []);
  return all.length === 0 ? null : Math.min(...all);
}

function ofScheme(scheme: Scheme & { readonly options?: unknown }): number | null {
  if (scheme.kind === "standard-webhooks") return STANDARD_TOLERANCE_SECONDS;
  const { timestamp } = (scheme.options ?? {}) as { readonly timestamp?: { readonly tolerance?: number } };
  return timestamp?.tolerance ?? null;
}

function minutes(ofSeconds: number): string {
  if (ofSeconds < 120) return `${Math.round(ofSeconds)} s`;
  return ofSeconds < 7200 ? `${Math.round(ofSeconds / 60)} min` : `${Math.round(ofSeconds / 3600)} h`;
}
