import { equalText } from "../../encoding.ts";
import { WebhookError } from "../../errors.ts";
import { queryOf } from "../inbound.ts";
import { requireSecrets } from "../require.ts";
import type { Scheme } from "../types.ts";

/** A scheme for providers that sign nothing: a secret in the webhook's URL. */
export interface UrlSecretScheme extends Scheme {
  readonly kind: "url-secret";
}

/**
 * The receiver's own means where a provider has none: a secret that is a segment of the URL's path or a value of its
 * query. In play when the caller gives secrets. URLs end up in logs, so this is the weakest of the shared secrets.
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
      throw new WebhookError("credential_mismatch", "The URL does not hold the configured secret.");
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
