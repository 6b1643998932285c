import { WebhookError } from "../errors.ts";
import type { Inbound } from "./inbound.ts";
import type { UnsignedPolicy } from "./types.ts";

/**
 * Policy for a provider that does not sign: what to do instead, and an optional check that a request is well-formed.
 *
 * @param instead What to do instead of verifying; becomes part of an error message and of the documentation.
 * @param check Throws a {@link WebhookError} for a request that the provider cannot have sent.
 * @returns A policy for the `unsigned` field of a definition.
 *
 * @example
 *
 * ```ts
 * import { type ProviderDefinition, unsigned, urlSecret, verifyProvider } from "@posthorn/webhooks/provider";
 *
 * const acme: ProviderDefinition = {
 *   id: "acme",
 *   name: "Acme",
 *   group: "business",
 *   schemes: [urlSecret()],
 *   unsigned: unsigned("put a random secret into the URL"),
 * };
 * const request = { method: "POST", url: "https://receiver.example/?key=hush", headers: {}, body: new Uint8Array() };
 * console.log((await verifyProvider(acme, request, { secrets: "hush" })).trust); // shared-secret
 * console.log((await verifyProvider(acme, request, { allowUnsigned: true })).trust); // none
 * ```
 */
export function unsigned(instead: string, check?: (inbound: Inbound) => void): UnsignedPolicy {
  return {
    instead,
    admit(inbound, name, allowed) {
      if (allowed) return check?.(inbound);
      throw new WebhookError(
        "unverifiable",
        `${name} does not sign its webhooks. Instead: ${instead}. Pass that secret as secrets, or set allowUnsigned to ` +
          "accept the request as unverified.",
      );
    },
  };
}
