/** Renews the signature of a provider, for listeners that get an event later than the provider's library accepts. */
import { isDeepStrictEqual } from "node:util";
import type { WebhookRequest } from "@posthorn/webhooks";
import type { ProviderDefinition, Scheme } from "@posthorn/webhooks/provider";
import { dependsOnRequest, schemeRefusal } from "../domain/source/resigning.ts";
import type { ReceivedRequest, Resigned } from "../domain/source-operations.ts";
import type { LiveSource } from "./live-source.ts";

/**
 * Signs a request as the provider would now, with the newest secret of the source. Method, URL, body and other headers stay as they are, and
 * the result verifies; otherwise it is refused with a reason.
 */
export async function resign(source: LiveSource, request: ReceivedRequest, now: number): Promise<Resigned> {
  const { definition, settings, options } = source;
  const scheme = definition.schemes.find(({ name }) => name === request.scheme);
  if (scheme === undefined) return refused(`The source no longer accepts signatures of the kind "${request.scheme}".`);
  const refusal = schemeRefusal(scheme, definition.name, settings.config);
  if (refusal !== null) return refused(refusal);
  const [secret] = options.secrets ?? [];
  if (secret === undefined) return refused("The source has no secret.");
  const { method, url, body, headers: before } = request;
  const headers = Object.fromEntries(before.map(([name, value]) => [name.toLowerCase(), value]));
  const { signProvider } = await import("@posthorn/webhooks/testing");
  const provider = withScheme(definition, scheme, headers);
  const sign = (at: string): Promise<WebhookRequest> =>
    signProvider(provider, { method, url: at, body, headers, secret, config: settings.config, now: () => now });
  const [signed, elsewhere] = await Promise.all([sign(url), sign("https://elsewhere.example/")]);
  const after = signed.headers as Readonly<Record<string, string>>;
  // If the signature covers the URL, the receiver checks it against its own URL, which is not known here.
  if (!isDeepStrictEqual(after, elsewhere.headers)) return refused(dependsOnRequest(definition.name));
  const verdict = await source.verifier.verify({ method, url, headers: { ...headers, ...after }, body });
  if (verdict.kind !== "event" || !Buffer.from(signed.body).equals(body))
    return refused(`A new signature of ${definition.name} does not verify: check the secret of the source.`);
  return { kind: "signed", headers: Object.entries(after).filter(([name, value]) => headers[name] !== value) };
}

const refused = (reason: string): Resigned => ({ kind: "refused", reason });

/** The definition with one scheme, which uses the headers that the request has. */
function withScheme(
  definition: ProviderDefinition,
  scheme: Scheme,
  headers: Readonly<Record<string, string>>,
): ProviderDefinition {
  if (scheme.kind !== "standard-webhooks") return { ...definition, schemes: [scheme] };
  const standard = scheme as Scheme & { readonly options: { readonly prefixes: readonly string[] } };
  const prefixes = standard.options.prefixes.filter((prefix) => `${prefix}-signature` in headers);
  return { ...definition, schemes: [{ ...standard, options: { ...standard.options, prefixes } } as Scheme] };
}
