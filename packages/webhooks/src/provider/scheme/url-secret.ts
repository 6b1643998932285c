import { equalText } from "../../encoding.ts";
import { WebhookError } from "../../errors.ts";
import { queryOf } from "../inbound.ts";
import { requireSecrets } from "../require.ts";
import type { Scheme } from "../types.ts";

/** Scheme created by {@link urlSecret}. */
export interface UrlSecretScheme extends Scheme {
  readonly kind: "url-secret";
}

/**
 * Scheme for a secret in the webhook URL, for providers without authentication: a path segment or a query value
 * equals the secret. Used when the caller passes secrets. URLs end up in logs, so this is the weakest shared secret.
 *
 * @returns A scheme for a provider definition, with `trust: "shared-secret"`.
 *
 * @example
 *
 * ```ts
 * import { urlSecret, verifyProvider, type ProviderDefinition } from "@posthorn/webhooks/provider";
 *
 * const acme: ProviderDefinition = { id: "acme", name: "Acme", group: "business", schemes: [urlSecret()] };
 * const url = "https://receiver.example/webhooks/hush";
 * const request = { method: "POST", url, headers: {}, body: new Uint8Array() };
 * const { scheme } = await verifyProvider(acme, request, { secrets: "hush" });
 * console.log(scheme); // url-secret
 * ```
 */
export function urlSecret(): UrlSecretScheme {
  return {
    kind: "url-secret",
    name: "url-secret",
    trust: "shared-secret",
    covers: "nothing",
    needs: "secrets",
    mask: ["url"],
    claimed: (context) => context.secrets.length > 0,
    verify(context) {
      const secrets = requireSecrets(context);
      const { url } = context.inbound;
      const path = url.replace(/^[a-z]+:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");
      const query = new URLSearchParams(queryOf(url));
      const presented = [...path.split("/").map(decodeSegment), ...query.values()].filter((part) => part !== "");
      const secretIndex = secrets.findIndex((secret) => presented.some((part) => equalText(part, secret)));
      if (secretIndex >= 0) return { secretIndex };
      throw new WebhookError("credential_mismatch", "The URL does not contain the configured secret.");
    },
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
